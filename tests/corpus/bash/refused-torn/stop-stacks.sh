#!/bin/bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose"
stop_phase() {
  case "$1" in
    data) docker compose -f docker-compose.data.yml down ;;
    apps) docker compose -f docker-compose.apps.yml down ;;
  esac
}
stop_phase apps
stop_phase data
    infra)
      docker compose -f docker-compose.infra.yml down
      ;;
