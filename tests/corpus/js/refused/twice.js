const SERVICE_TARGETS = [{ id: 'web', name: 'Web', healthUrl: 'http://localhost:3000/' }];
const SERVICE_TARGETS = [{ id: 'api', name: 'API', healthUrl: 'http://localhost:3001/' }];
