const path = require('path');
const express = require('express');

const app = express();
const PORT = Number(process.env.PORT || 3500);
const TIMEOUT = 1500;

function numberOf(names, fallback) {
  for (const name of [].concat(names)) {
    const value = Number(process.env[name]);
    if (value > 0) return value;
  }
  return fallback;
}

/** A descriptor that the page and the poller share. */
function createServiceTarget(config) {
  const port = numberOf(config.portEnv, config.defaultPort);
  return {
    id: config.id,
    name: config.name,
    description: config.description,
    category: config.category,
    port,
    frontendPort: config.frontendPort || null,
    healthUrl: process.env[config.urlEnv] || `http://localhost:${port}${config.path || '/health'}`,
  };
}

const SERVICE_TARGETS = [
  createServiceTarget({
    id: 'orders',
    name: 'Orders',
    description: 'Takes orders',
    category: 'api',
    defaultPort: 19461,
    frontendPort: 19462,
    portEnv: ['LAUNCHER_ORDERS_PORT', 'ORDERS_PORT'],
    urlEnv: 'SERVICE_LAUNCHER_ORDERS_URL',
  }),
  createServiceTarget({
    id: 'grafana',
    name: 'Grafana',
    description: 'Dashboards',
    category: 'monitoring',
    defaultPort: 19463,
    portEnv: 'SERVICE_LAUNCHER_GRAFANA_PORT',
    urlEnv: 'SERVICE_LAUNCHER_GRAFANA_URL',
    path: '/api/health', // not behind the login
  }),
  // The launcher watches itself, too ].
  {
    id: 'service-launcher',
    name: 'Launcher',
    description: 'This page',
    category: 'internal',
    port: PORT,
    healthUrl: `http://localhost:${PORT}/health`,
  },
  // >>> kestra-tasks:launcher a9b2d4a7
  createServiceTarget({
    id: 'kestra-orchestrator',
    name: 'Kestra',
    description: 'Orquestrador de workflows',
    category: 'api',
    defaultPort: 8081,
    frontendPort: Number(process.env.KESTRA_HTTP_PORT || 8080),
    portEnv: 'KESTRA_MANAGEMENT_PORT',
    urlEnv: 'SERVICE_LAUNCHER_KESTRA_URL',
    path: '/health',
  }),
  // <<< kestra-tasks:launcher
];

async function look(target) {
  try {
    const answer = await fetch(target.healthUrl, { signal: AbortSignal.timeout(TIMEOUT) });
    return { ...target, status: answer.ok ? 'ok' : 'degraded' };
  } catch {
    return { ...target, status: 'down' };
  }
}

app.get('/health', (_req, res) => res.json({ status: 'ok' }));

// >>> kestra-tasks:launcher-route b1217779
// What /api/status reports, as a bare array: it answers, this takes the array out.
app.get('/api/services', (req, res, next) => {
  const answer = res.json.bind(res);
  res.json = (body) => {
    const parts = [body, body?.services, ...Object.values(body || {})];
    return answer(parts.find(Array.isArray) || body);
  };
  req.url = '/api/status';
  next();
});
// <<< kestra-tasks:launcher-route
/**
 * Everything at once, for the dashboard.
 */
app.get('/api/status', async (_req, res) => {
  try {
    const results = await Promise.all(SERVICE_TARGETS.map(look));
    res.json({ overallStatus: 'ok', warnings: [], totalServices: results.length, services: results });
  } catch (error) {
    res.status(500).json({ success: false, message: error.message });
  }
});

app.use('/static', express.static(path.join(__dirname, 'public')));

app.listen(PORT, '127.0.0.1');
