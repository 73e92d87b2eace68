const express = require('express');
const cors = require('cors');
const { exec } = require('child_process');
const path = require('path');
require('dotenv').config({ path: path.resolve(__dirname, '../../.env') });

const app = express();
app.use(cors());
app.use(express.json());

const PORT = process.env.SERVICE_LAUNCHER_PORT || 3500;
const DEFAULT_TIMEOUT = Number(process.env.SERVICE_LAUNCHER_TIMEOUT_MS || 2500);

const withPort = (port, suffix = '/health') => `http://localhost:${port}${suffix}`;

// Alvos do painel. Ordem = ordem dos cards no dashboard.
const SERVICE_TARGETS = [
  {
    id: 'dashboard',
    name: 'Dashboard',
    category: 'frontend',
    defaultPort: 3103,
    healthUrl: process.env.DASHBOARD_URL || withPort(3103, '/'),
  },
  {
    id: 'tp-capital',
    name: 'TP Capital',
    description: 'Sinais e ordens — TP Capital',
    category: 'api',
    defaultPort: 4005,
    healthUrl: withPort(4005),
  },
  { id: 'workspace', name: 'Workspace', category: 'api', defaultPort: 3200, healthUrl: withPort(3200) },
  {
    id: 'langgraph',
    name: 'LangGraph',
    category: 'tools',
    defaultPort: 8111,
    healthUrl: withPort(process.env.LANGGRAPH_PORT || 8111),
    links: [{ label: 'Docs', url: `http://localhost:${process.env.LANGGRAPH_PORT || 8111}/docs` }],
  }, // TODO(TS-1377): o langgraph demora 20 s para responder
  {
    id: 'agno-agents',
    name: 'Agno Agents',
    category: 'tools',
    defaultPort: 8200,
    healthUrl: withPort(8200),
  },
  // >>> kestra-tasks:launcher 3f4a92ef comma
  {
    id: 'kestra-orchestrator',
    name: 'Kestra',
    category: 'tools',
    defaultPort: 8685,
    healthUrl: `http://localhost:${process.env.KESTRA_MANAGEMENT_PORT || 8685}/health`,
    description: 'Orquestrador de workflows',
    links: [{ label: 'UI', url: `http://localhost:${process.env.KESTRA_HTTP_PORT || 8180}` }],
  },
  // <<< kestra-tasks:launcher
];

async function probe(target) {
  const started = Date.now();
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), target.timeoutMs || DEFAULT_TIMEOUT);
  try {
    const response = await fetch(target.healthUrl, { signal: controller.signal });
    return { ...target, status: response.ok ? 'ok' : 'degraded', latencyMs: Date.now() - started };
  } catch (error) {
    return { ...target, status: 'down', error: error.name, latencyMs: null };
  } finally {
    clearTimeout(timer);
  }
}

app.get('/health', (_req, res) => res.json({ status: 'ok' }));

app.get('/api/services', async (_req, res) => {
  res.json(await Promise.all(SERVICE_TARGETS.map(probe)));
});

app.post('/launch', (req, res) => {
  const { script } = req.body || {};
  if (!/^[\w./-]+\.sh$/.test(script || '')) return res.status(400).json({ error: 'script inválido' });
  exec(`bash ${path.resolve(__dirname, '../..', script)}`, (error, stdout) => {
    res.status(error ? 500 : 200).json({ stdout });
  });
});

if (require.main === module) {
  app.listen(PORT, () => console.log(`Service Launcher em http://localhost:${PORT}`));
}

module.exports = { app, SERVICE_TARGETS };
