#!/usr/bin/env bash
#
# health-check-all.sh - everything that runs here
#
# Exit codes: 0 healthy, 1 degraded, 2 critical
# >>> kestra-tasks:healthcheck 14b5d7a3
# Adds Kestra: health.sh runs this script again, as it is, and joins what both say.
kestra_health=$(dirname -- "$0")/../../tools/kestra/scripts/health.sh
if [ -z "${KESTRA_HEALTH_BESIDE:-}" ] && [ "${BASH_SOURCE:-$0}" = "$0" ] &&
  [ -f "$kestra_health" ]; then
  exec bash "$kestra_health" --beside "${BASH:-sh}" "$0" "$@"
fi
unset KESTRA_HEALTH_BESIDE kestra_health
# <<< kestra-tasks:healthcheck
set -uo pipefail

declare -A URLS=(
  ["Workspace API"]="http://localhost:3200/health"
  ["TP Capital"]="http://localhost:4005/health"
)
declare -a CONTAINERS=(data-timescale cache-redis)
OUTPUT_FORMAT=text
CHECK_SERVICES=true
CHECK_CONTAINERS=true
SERVICES_JSON="" CONTAINERS_JSON="" BAD=0 TOTAL=0

show_help() {
  cat <<'EOF'
Usage: health-check-all.sh [--format text|json|prometheus] [--services-only] [--containers-only]
EOF
}

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --format)
        OUTPUT_FORMAT=$2
        shift 2
        ;;
      --services-only) CHECK_CONTAINERS=false; shift ;;
      --containers-only) CHECK_SERVICES=false; shift ;;
      --help | -h) show_help; exit 0 ;;
      *)
        echo "Unknown argument: $1" >&2
        show_help
        exit 1
        ;;
    esac
  done
}

check_services() {
  local name state
  for name in "TP Capital" "Workspace API"; do
    state=up
    curl -fsS --max-time 2 "${URLS[$name]}" >/dev/null 2>&1 || { state=down; BAD=$((BAD + 1)); }
    TOTAL=$((TOTAL + 1))
    SERVICES_JSON+="${SERVICES_JSON:+,
    }{\"name\": \"$name\", \"status\": \"$state\", \"port\": 0, \"pid\": null, \"health\": \"unknown\"}"
    [[ $OUTPUT_FORMAT != text ]] || printf '%-20s %s\n' "$name" "$state"
  done
}

check_containers() {
  local name state
  for name in "${CONTAINERS[@]}"; do
    state=$(docker inspect --format '{{.State.Status}}' "$name" 2>/dev/null) || { state=exited; BAD=$((BAD + 1)); }
    TOTAL=$((TOTAL + 1))
    CONTAINERS_JSON+="${CONTAINERS_JSON:+,
    }{\"name\": \"$name\", \"status\": \"$state\", \"group\": \"data\"}"
    [[ $OUTPUT_FORMAT != text ]] || printf '%-20s %s\n' "$name" "$state"
  done
}

main() {
  parse_arguments "$@"
  [[ $CHECK_SERVICES != true ]] || check_services
  [[ $CHECK_CONTAINERS != true ]] || check_containers
  local overall=healthy code=0 ok=true
  if ((BAD == TOTAL)); then overall=critical code=2 ok=false; elif ((BAD > 0)); then overall=degraded code=1 ok=false; fi
  case $OUTPUT_FORMAT in
    json)
      printf '{\n  "success": true,\n  "overallHealth": "%s",\n  "localServices": [\n    %s\n  ],\n' "$overall" "$SERVICES_JSON"
      printf '  "dockerContainers": [\n    %s\n  ],\n  "databases": [],\n' "$CONTAINERS_JSON"
      printf '  "summary": {"allOk": %s, "servicesChecked": 2, "containersChecked": 2, "databasesChecked": 0}\n}\n' "$ok"
      ;;
    prometheus) printf '# TYPE health_bad gauge\nhealth_bad %d\n' "$BAD" ;;
    text) echo "Overall: $overall" ;;
  esac
  exit "$code"
}

main "$@"
