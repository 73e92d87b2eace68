#!/usr/bin/env bash
# Stop the platform in the opposite order.
set -uo pipefail
# >>> kestra-tasks:stacks 7c8c4674
KESTRA_STACK=("$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../tools/kestra/scripts/stack.sh" --for "$*")
[[ -x ${KESTRA_STACK[0]} ]] || KESTRA_STACK=(:)
# <<< kestra-tasks:stacks
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PHASES=(
  # >>> kestra-tasks:stacks-order 0e3f38a8
  tools
  # <<< kestra-tasks:stacks-order
  monitoring
  apps   # before the databases
  data
  infra-core
)

stop_phase() {
  local phase=$1
  case $phase in
    # >>> kestra-tasks:stacks-phase a670f88b
    tools) "${KESTRA_STACK[@]}" stop; return ;;
    # <<< kestra-tasks:stacks-phase
    infra-core) docker compose -f "$ROOT/tools/compose/docker-compose.infra.yml" stop ;;
    data)       docker compose -f "$ROOT/tools/compose/docker-compose.data.yml" stop
                docker compose -f "$ROOT/tools/compose/docker-compose.cache.yml" stop ;;
    apps)       docker compose -f "$ROOT/tools/compose/docker-compose.apps.yml" stop ;;
    monitoring) docker compose -f "$ROOT/tools/compose/docker-compose.monitoring.yml" stop ;;
    *)          echo "unknown phase: $phase" >&2; return 64 ;;
  esac
}

failed=0
for phase in ${1:-"${PHASES[@]}"}; do
  stop_phase "$phase" || failed=1
done
exit $failed
