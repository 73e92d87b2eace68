#!/usr/bin/env bash
root=$(cd "$(dirname "$0")/../.." && pwd)
PHASES=(apps data infra)

stop_stack() {
  docker compose --project-name "acme-$1" -f "$root/tools/compose/docker-compose.$1.yml" stop
}

case ${1:-} in
  --phase) stop_stack "${2:?}" ;;
  *)
    for name in "${PHASES[@]}"; do
      stop_stack "$name"
    done
    ;;
esac
