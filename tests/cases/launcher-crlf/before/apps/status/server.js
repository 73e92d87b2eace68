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
	} // the last one, so far
	// { id: 'retired', title: 'Retired' }
];

app.get('/api/targets', function (req, res) {
	Promise.all(SERVICE_TARGETS.map(function (t) {
		return fetch(t.healthUrl).then(function () { return Object.assign({ up: true }, t); }, function () { return Object.assign({ up: false }, t); });
	})).then(function (all) { res.json(all); });
});

app.listen(process.env.PORT, '127.0.0.1');
