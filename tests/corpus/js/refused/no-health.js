const SERVICE_TARGETS = [{ id: 'web', name: 'Web', run: () => probe(3000) }];
app.get('/api/status', (_req, res) => res.json(SERVICE_TARGETS));
