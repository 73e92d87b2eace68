#!/usr/bin/env bash
# Para as stacks na ordem inversa. Dados ficam.
set -uo pipefail
ROOT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

STACKS=(
    docker-compose.apps.yml
    docker-compose.n8n.yml
    docker-compose.tools.yml     # LangGraph, Agno...
    docker-compose.cache.yml
    docker-compose.data.yml
)

rc=0
for arquivo in "${STACKS[@]}"; do
    echo "Parando $arquivo"
    docker compose --env-file "$ROOT_DIR/.env" -f "$ROOT_DIR/tools/compose/$arquivo" stop -t 10 || rc=1
done
exit $rc
