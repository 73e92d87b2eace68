#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"/../../tools/compose

for name in apps data; do
  docker compose -f "docker-compose.$name.yml" down
done
