#!/usr/bin/env bash
# Stop the platform in the opposite order.
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PHASES=(
  monitoring
  apps   # before the databases
  data
  infra-core
)

stop_phase() {
  local phase=$1
  case $phase in
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
