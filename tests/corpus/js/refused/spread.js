const SERVICE_TARGETS = [...require('./api'), ...require('./tools')];
app.get('/api/status', (_req, res) => res.json(SERVICE_TARGETS));
