#!/usr/bin/env bash
# Start the platform, phase by phase.
#   start-stacks.sh [--phase NAME]... [--list]
set -euo pipefail

SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
PROJECT_ROOT="$(cd "${SCRIPT_DIR}/../.." && pwd)"
COMPOSE_DIR="${PROJECT_ROOT}/tools/compose"
NETWORK="${PLATFORM_NETWORK:-tradingsystem_backend}"
AVAILABLE_PHASES=("infra-core" "data" "apps" "monitoring")

usage() { sed -n '2,3p' "${BASH_SOURCE[0]}"; }

phase_label() {
  case "$1" in
    infra-core) echo "Infrastructure (gateway, DNS)" ;;
    data) echo "Databases" ;;
    apps) echo "Applications" ;;
    *) echo "$1" ;;
  esac
}

ensure_network() {
  if ! docker network inspect "$NETWORK" >/dev/null 2>&1; then
    docker network create "$NETWORK" >/dev/null
  fi
}

assert_not_frozen() {
  if [[ -f "${PROJECT_ROOT}/.freeze" && "${FORCE:-0}" != "1" ]]; then
    echo "deployments are frozen: $(cat "${PROJECT_ROOT}/.freeze")" >&2
    exit 9
  fi
}

compose_up() {
  docker compose -f "${COMPOSE_DIR}/$1" up -d --remove-orphans "${@:2}"
}

start_phase() {
  local phase="$1"
  echo "==> $(phase_label "$phase")"
  case "$phase" in
    infra-core) compose_up docker-compose.infra.yml ;; # its file was deleted in March
    data)
      compose_up docker-compose.data.yml
      compose_up docker-compose.cache.yml redis
      ;;
    apps) compose_up docker-compose.apps.yml ;;
    monitoring)
      compose_up docker-compose.monitoring.yml
      ;;
    *)
      echo "unknown phase: $phase" >&2
      return 64
      ;;
  esac
}

selected=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --phase)
      selected+=("${2:?--phase needs a name}")
      shift 2
      ;;
    --list)
      printf '%s\n' "${AVAILABLE_PHASES[@]}"
      exit 0
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 64
      ;;
  esac
done
[[ ${#selected[@]} -gt 0 ]] || selected=("${AVAILABLE_PHASES[@]}")

assert_not_frozen
ensure_network
for phase in "${selected[@]}"; do
  if ! start_phase "$phase"; then
    echo "phase failed: $phase" >&2
    exit 1
  fi
done
echo "all up"
