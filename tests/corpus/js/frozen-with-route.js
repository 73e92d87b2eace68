#!/usr/bin/env node
const express = require("express");
const app = express();

const SERVICE_TARGETS = Object.freeze([
    { id: "one", label: "One", endpoint: "http://localhost:19461/health", method: "GET" },
    { id: "two", label: "Two", endpoint: "http://localhost:19462/health", method: "HEAD", },
]);

app.get("/api/services", async (req, res) => {
    const all = SERVICE_TARGETS.map(async (service) => {
        const ok = await fetch(service.endpoint, { method: service.method }).then((r) => r.ok, () => false);
        return { ...service, ok };
    });
    res.json(await Promise.all(all));
});

app.listen(Number(process.env.PORT), "127.0.0.1");
