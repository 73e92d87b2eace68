#!/usr/bin/env bash
set -euo pipefail
BASE="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

stop_phase() {
  case "$1" in
    apps) docker compose -f "$BASE/tools/compose/docker-compose.apps.yml" down ;;
    "tools")
      docker compose -f "$BASE/dev/docker-compose.yml" down ;;
    data) docker compose -f "$BASE/tools/compose/docker-compose.data.yml" down ;;
  esac
}

for phase in ${*:-apps tools data}; do
  stop_phase "$phase"
done
