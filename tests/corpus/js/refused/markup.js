const page = <p>it's here</p>;
const SERVICE_TARGETS = [{ id: 'web', name: 'Web', healthUrl: 'http://localhost:3000/' }];
