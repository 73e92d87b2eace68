#!/usr/bin/env bash
set -e
DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose" && pwd)"
PHASE=""

start_one() {
  phase="${1:-}"
  case "$phase" in
  data)
    docker compose -f "$DIR/docker-compose.data.yml" up -d
    ;;
  apps)
    docker compose -f "$DIR/docker-compose.apps.yml" up -d
    ;;
  *)
    echo "nothing starts $phase" >&2
    return 2
    ;;
  esac
}

if [ "${1:-}" = "--phase" ]; then
  case "$2" in
  data | apps)
    PHASE="$2"
    ;;
  *)
    echo "usage: $0 [--phase data|apps]" >&2
    exit 2
    ;;
  esac
fi

if [ -n "$PHASE" ]; then
  start_one "$PHASE"
else
  for phase in data apps; do
    start_one "$phase"
  done
fi
