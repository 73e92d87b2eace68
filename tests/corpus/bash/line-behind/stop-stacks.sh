#!/bin/bash
# Stops what has a file.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
FILES=(
  docker-compose.apps.yml
  docker-compose.data.yml
  docker-compose.tools.yml
  docker-compose.cache.yml
)

compose() {
  if command -v docker >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
    docker compose "$@"
  else
    docker-compose "$@"
  fi
}

for file in "${FILES[@]}"; do
  path="${ROOT}/tools/compose/${file}"
  [[ -f "$path" ]] && compose -f "$path" down || true
done
