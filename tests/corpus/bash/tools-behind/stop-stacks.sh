#!/bin/bash
# The opposite of start-stacks.sh; the first failure ends it.
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
REPO_ROOT="$(cd "${HERE}/../.." && pwd)"
PHASES=("docs" "monitoring" "tools" "data" "base")
CHOSEN=("$@")
[[ ${#CHOSEN[@]} -gt 0 ]] || CHOSEN=("${PHASES[@]}")

has_file() { [[ -f "${REPO_ROOT}/$1" ]]; }

stop_phase() {
  local phase=$1
  case "${phase}" in
    base|data)
      local compose="tools/compose/docker-compose.${phase}.yml"
      if has_file "${compose}"; then
        docker compose -f "${REPO_ROOT}/${compose}" down
      fi
      ;;
    monitoring) docker compose -f "${REPO_ROOT}/tools/monitoring/docker-compose.yml" down ;;
    docs) docker compose -f "${REPO_ROOT}/tools/compose/docker-compose.docs.yml" down ;;
    tools) docker compose -f "${REPO_ROOT}/tools/compose/docker-compose.tools.yml" down --timeout 20 ;;
    *) echo "unknown phase: ${phase}" >&2; return 1 ;;
  esac
}

for phase in "${CHOSEN[@]}"; do
  if ! stop_phase "${phase}"; then
    echo "${phase} didn't stop" >&2
    exit 1
  fi
done
