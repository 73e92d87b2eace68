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
