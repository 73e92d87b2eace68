#!/bin/bash
# Platform orchestrator.
#   start-stacks.sh [--phase NAME]... [--list] [--help]
set -euo pipefail

YELLOW=$'\033[1;33m' RED=$'\033[0;31m' PLAIN=$'\033[0m'
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
REPO_ROOT="$(cd "${HERE}/../.." && pwd)"
ENV_FILE="${REPO_ROOT}/.env"
COMPOSE_CMD=()
COMPOSE_ARGS=()
AVAILABLE_PHASES=("base" "data" "monitoring" "docs" "tools" "crawler")
PHASES_TO_START=()

usage() {
  cat <<TEXT
Usage: $(basename "$0") [--phase NAME]... [--list] [--help]
Phases: $(IFS=,; echo "${AVAILABLE_PHASES[*]}")
TEXT
}

detect_compose() {
  if command -v docker >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
    COMPOSE_CMD=(docker compose)
  elif command -v docker-compose >/dev/null 2>&1; then
    COMPOSE_CMD=(docker-compose)
  else
    echo "${RED}no Docker Compose was found${PLAIN}" >&2
    exit 1
  fi
}

compose_cmd() { "${COMPOSE_CMD[@]}" "${COMPOSE_ARGS[@]}" "$@"; }

known_phase() {
  local phase
  for phase in "${AVAILABLE_PHASES[@]}"; do
    [[ "$phase" == "$1" ]] && return 0
  done
  return 1
}

phase_label() {
  case "$1" in
    base) echo "Base";;
    data) echo "Data";;
    tools) echo "Tools";;
    *) echo "$1";;
  esac
}

has_compose_services() {
  local file="${REPO_ROOT}/$1" services
  [[ -f "$file" ]] || return 1
  services=$(compose_cmd -f "$file" config --services 2>/dev/null) || return 1
  [[ -n "${services//[$' \t\r\n']/}" ]]
}

ensure_network() {
  docker network inspect "$1" >/dev/null 2>&1 && return 0
  echo "network $1 is missing, it is made"
  docker network create "$1" >/dev/null || exit 1
}

start_phase() {
  local phase=$1

  case "${phase}" in
    base)
      local compose="tools/compose/docker-compose.base.yml"
      if has_compose_services "${compose}"; then
        compose_cmd -f "${REPO_ROOT}/${compose}" up -d
      else
        echo "${YELLOW}nothing to start for base${PLAIN}"
      fi
      ;;
    data)
      ensure_network "platform_data"
      local compose="tools/compose/docker-compose.data.yml"
      if has_compose_services "${compose}"; then
        compose_cmd -f "${REPO_ROOT}/${compose}" up -d
      fi
      ;;
    monitoring)
      compose_cmd -f "${REPO_ROOT}/tools/monitoring/docker-compose.yml" up -d --build
      ;;
    docs)
      compose_cmd -f "${REPO_ROOT}/tools/compose/docker-compose.docs.yml" up -d --build
      ;;
    tools)
      local compose="tools/compose/docker-compose.tools.yml"
      local -a services=()
      if has_compose_services "${compose}"; then
        mapfile -t services < <(compose_cmd -f "${REPO_ROOT}/${compose}" config --services)
        echo "tools: ${#services[@]} services"
        compose_cmd -f "${REPO_ROOT}/${compose}" up -d --build
      else
        echo "${YELLOW}nothing to start for tools${PLAIN}"
      fi
      ;;
    crawler)
      if [[ ! -d "${REPO_ROOT}/vendor/crawler" ]]; then
        echo "${RED}the crawler's submodule is missing${PLAIN}" >&2
        return 1
      fi
      (
        cd "${REPO_ROOT}/vendor/crawler"
        compose_cmd -f docker-compose.yaml up -d
      )
      ;;
    *)
      echo "${RED}unknown phase: ${phase}${PLAIN}" >&2
      return 1
      ;;
  esac
}

freeze_guard() {
  [[ "${ALLOW_FREEZE_BYPASS:-0}" == "1" ]] && return
  if [[ -f "${REPO_ROOT}/.freeze" ]]; then
    echo "${RED}a freeze is on: $(head -n1 "${REPO_ROOT}/.freeze")${PLAIN}" >&2
    exit 1
  fi
}

parse_args() {
  local phases=()
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --phase)
        shift
        [[ $# -gt 0 ]] || { echo "--phase needs a name" >&2; exit 1; }
        if [[ "$1" == "all" ]]; then
          phases=("${AVAILABLE_PHASES[@]}")
        else
          known_phase "$1" || { echo "unknown phase: $1" >&2; usage; exit 1; }
          phases+=("$1")
        fi
        ;;
      --list)
        for phase in "${AVAILABLE_PHASES[@]}"; do
          echo "  - ${phase} ($(phase_label "${phase}"))"
        done
        exit 0
        ;;
      -h|--help) usage; exit 0 ;;
      *) echo "unknown option: $1" >&2; usage; exit 1 ;;
    esac
    shift
  done
  [[ ${#phases[@]} -gt 0 ]] || phases=("${AVAILABLE_PHASES[@]}")
  PHASES_TO_START=("${phases[@]}")
}

detect_compose
if [[ -f "${ENV_FILE}" ]]; then
  COMPOSE_ARGS+=(--env-file "${ENV_FILE}")
fi
parse_args "$@"
freeze_guard

total=${#PHASES_TO_START[@]}
index=1
for phase in "${PHASES_TO_START[@]}"; do
  label=$(phase_label "${phase}")
  echo "stack ${index}/${total}: ${label}"
  if start_phase "${phase}"; then
    echo "${label} started"
  else
    echo "${RED}${label} didn't start${PLAIN}" >&2
    exit 1
  fi

  case "${phase}" in
    data|base)
      sleep "${SETTLE_SECONDS:-0}"
      ;;
  esac

  ((index++))
done
echo "all stacks are up"
