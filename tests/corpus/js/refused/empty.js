const SERVICE_TARGETS = [];
