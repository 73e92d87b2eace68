#!/bin/bash
# A merge went wrong at its end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose"
docker compose -f docker-compose.data.yml up -d
for name in apps tools; do
  docker compose -f "docker-compose.${name}.yml" up -d
.done
