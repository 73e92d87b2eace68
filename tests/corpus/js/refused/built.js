const SERVICE_TARGETS = Object.entries(require('./services.json')).map(([id, service]) => ({ id, ...service }));
