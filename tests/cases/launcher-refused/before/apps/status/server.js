import express from 'express';
const app = express();
const SERVICE_TARGETS = [
  { id: 'web', name: 'Web', healthUrl: 'http://localhost:3000/' },
] as const;
app.get('/api/status', (_req, res) => res.json(SERVICE_TARGETS));
