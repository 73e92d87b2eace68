const express = require('express');

const app = express();
const router = express.Router();
const env = (name, fallback) => process.env[name] || fallback;

const SERVICE_TARGETS = [
  { id: 'web', name: 'Web', category: 'ui', healthUrl: env('WEB_URL', 'http://localhost:19461/'), frontendPort: 19461, frontendPath: '/' },
  { id: 'jobs', name: 'Jobs', category: 'automation', healthUrl: env('JOBS_URL', 'http://localhost:19462/'), containerName: 'jobs' },
];

router.get('/services', async (_req, res) => {
  const states = await Promise.all(
    SERVICE_TARGETS.map((t) => fetch(t.healthUrl).then((r) => r.status, () => 0)),
  );
  res.json(SERVICE_TARGETS.map((t, n) => ({ ...t, httpStatus: states[n] })));
});

app.use('/api', router);
app.listen(process.env.PORT, '127.0.0.1');
