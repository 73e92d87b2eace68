const SERVICE_TARGETS: Target[] = [
  { id: 'web', name: 'Web', healthUrl: 'http://localhost:3000/' },
];
