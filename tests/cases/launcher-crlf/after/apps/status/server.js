'use strict';

const express = require('express');

const app = express();

var SERVICE_TARGETS = [
	/* data */
	{ id: 'timescale', title: 'Timescale', healthUrl: 'http://localhost:19461', group: 'data' },
	{
		id: 'página',
		title: "d'água",
		healthUrl: 'http://localhost:19462',
		group: 'tools'
	}, // the last one, so far
	// >>> kestra-tasks:launcher e92912e5 comma
	{
		id: 'kestra-orchestrator',
		title: 'Kestra',
		healthUrl: `http://localhost:${process.env.KESTRA_MANAGEMENT_PORT || 8081}/health`,
		group: 'tools',
	},
	// <<< kestra-tasks:launcher
	// { id: 'retired', title: 'Retired' }
];

// >>> kestra-tasks:launcher-route bf927c3d
// What /api/targets reports, as a bare array: it answers, this takes the array out.
app.get('/api/services', (req, res, next) => {
	const answer = res.json.bind(res);
	res.json = (body) => {
		const parts = [body, body?.services, ...Object.values(body || {})];
		return answer(parts.find(Array.isArray) || body);
	};
	req.url = '/api/targets';
	next();
});
// <<< kestra-tasks:launcher-route
app.get('/api/targets', function (req, res) {
	Promise.all(SERVICE_TARGETS.map(function (t) {
		return fetch(t.healthUrl).then(function () { return Object.assign({ up: true }, t); }, function () { return Object.assign({ up: false }, t); });
	})).then(function (all) { res.json(all); });
});

app.listen(process.env.PORT, '127.0.0.1');
