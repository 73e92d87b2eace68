#!/usr/bin/env bash
# Everything, one after the other. Takes no arguments.
set -e
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
STACKS="$ROOT/tools/compose"

if [ -e "$ROOT/.freeze" ]; then
  echo "frozen" >&2
  exit 3
fi

docker network inspect tradingsystem_backend >/dev/null 2>&1 || docker network create tradingsystem_backend

if [ -f "$STACKS/docker-compose.cache.yml" ]; then
  docker compose -f "$STACKS/docker-compose.cache.yml" up -d
fi
echo "data"
docker compose -f "$STACKS/docker-compose.data.yml" up -d
echo "tools"
docker compose -f "$STACKS/docker-compose.tools.yml" up -d
docker compose -f "$STACKS/docker-compose.apps.yml" up -d
