const express = require('express')
const app = express()

// const SERVICE_TARGETS = [ in a comment
const text = 'const SERVICE_TARGETS = [ in a string'
const pattern = /[/'"`\]]SERVICE_TARGETS = \[/
const half = (a) => (a.length) / 2 /* / */ / 1
const nested = `a ${[1, 2].map((n) => `${n}]`).join(`}`)} b`
if (text) /['"`]/.test(nested)
let i = 4
i++ / 2

const SERVICE_TARGETS = [
  {
    id: 'a]', name: 'A [', healthUrl: `http://localhost:${19461}/${'x]'}`,
    matches: /],[{"']/, tags: ['x', ['y']], check(body) { return /]/.test(body) },
  },
  { 'id': 'b', "name": 'B', healthUrl: 'http://localhost:19462/', links: [{ label: 'UI', url: '/' }] }, /* [ */
  // closing soon ]
]

const answer = async (target) => ({ id: target.id, up: await fetch(target.healthUrl).then((r) => r.ok, () => false) })

app.get('/health', (_req, res) => { res.json({ of: 'SERVICE_TARGETS' }) })

app.get('/api/overview', async (_req, res) => res.json({ half, list: await Promise.all(SERVICE_TARGETS.map(answer)) }))

app.listen(process.env.PORT, '127.0.0.1')
