#!/usr/bin/env bash
# Para as stacks na ordem inversa. Dados ficam.
set -uo pipefail
# >>> kestra-tasks:stacks db16d4fe
KESTRA_STACK=("$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../tools/kestra/scripts/stack.sh" --for "$*")
# Kestra stops before the other services of docker-compose.tools.yml, in its own time.
if [[ -x ${KESTRA_STACK[0]} ]] && type -P docker >/dev/null; then
  docker() {
    if [[ ${1-} == compose ]]; then
      "${KESTRA_STACK[@]}" "$@"
    else
      command docker "$@"
    fi
  }
fi
# <<< kestra-tasks:stacks
ROOT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$ROOT_DIR/scripts/lib/common.sh"

STACKS=(
    docker-compose.6-1-monitoring-stack.yml
    docker-compose.5-3-workspace-stack.yml
    docker-compose.5-2-tp-capital-stack.yml
    docker-compose.4-3-n8n-stack.yml
    docker-compose.tools.yml     # LangGraph, Agno...
    docker-compose.2-docs-stack.yml
    docker-compose.5-redis-stack.yml
    docker-compose.3-data-stack.yml
    docker-compose.0-gateway-stack.yml
)

rc=0
for arquivo in "${STACKS[@]}"; do
    log_info "Parando $arquivo"
    docker compose --env-file "$ROOT_DIR/.env" -f "$ROOT_DIR/tools/compose/$arquivo" stop || rc=1
done
exit $rc
