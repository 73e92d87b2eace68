#!/bin/bash
set -e

cd "$(dirname "$0")/../.."
for file in $(ls -r tools/compose/docker-compose.*.yml); do
	docker compose -f "$file" down
done
