#!/usr/bin/env bash
# Phases: data, tools (a compose file of their own), apps.
set -euo pipefail
BASE="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PHASES=(data tools apps)

start_phase() {
  local phase="$1"
  case "$phase" in
    data) docker compose -f "$BASE/tools/compose/docker-compose.data.yml" up -d ;;
    tools)
      echo "developer tools"
      docker compose -f "$BASE/dev/docker-compose.yml" up -d
      ;;
    apps) docker compose -f "$BASE/tools/compose/docker-compose.apps.yml" up -d ;;
    *) echo "unknown: $phase" >&2; exit 2 ;;
  esac
}

[[ "${1:-}" == "--phase" ]] && PHASES=("$2")
for phase in "${PHASES[@]}"; do
  start_phase "$phase"
done
