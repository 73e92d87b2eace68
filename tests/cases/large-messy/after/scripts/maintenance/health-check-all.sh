#!/usr/bin/env bash
# ==============================================================================
# Health check de todos os serviços
#   health-check-all.sh [--json] [--services nome,nome]
# Saída: 0 tudo ok, 1 algum serviço fora
# ==============================================================================
# >>> kestra-tasks:healthcheck 14b5d7a3
# Adds Kestra: health.sh runs this script again, as it is, and joins what both say.
kestra_health=$(dirname -- "$0")/../../tools/kestra/scripts/health.sh
if [ -z "${KESTRA_HEALTH_BESIDE:-}" ] && [ "${BASH_SOURCE:-$0}" = "$0" ] &&
  [ -f "$kestra_health" ]; then
  exec bash "$kestra_health" --beside "${BASH:-sh}" "$0" "$@"
fi
unset KESTRA_HEALTH_BESIDE kestra_health
# <<< kestra-tasks:healthcheck
set -o pipefail
ROOT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$ROOT_DIR/scripts/lib/common.sh"

JSON=false
SERVICES=""
while [ $# -gt 0 ]; do
  case $1 in
    --json) JSON=true ;;
    --services) SERVICES=$2; shift ;;
    --services=*) SERVICES=${1#*=} ;;
    *) log_error "opção desconhecida: $1"; exit 2 ;;
  esac
  shift
done

declare -a RESULTS=()
OVERALL=0

wanted() { [ -z "$SERVICES" ] || [[ ",$SERVICES," == *",$1,"* ]]; }

record() { # nome estado detalhe
  RESULTS+=("{\"service\":\"$1\",\"status\":\"$2\",\"detail\":\"$3\"}")
  if [ "$2" = ok ]; then
    $JSON || echo -e "${GREEN}✔${NC} $1 — $3"
  else
    OVERALL=1
    $JSON || echo -e "${RED}✘${NC} $1 — $3"
  fi
}

check_http() { # nome url
  wanted "$1" || return 0
  if curl -fsS --max-time 5 "$2" >/dev/null 2>&1; then
    record "$1" ok "$2"
  else
    record "$1" down "$2"
  fi
}

check_container() { # nome container
  wanted "$1" || return 0
  local state
  state=$(docker ps --filter "name=^/$2\$" --format '{{.Status}}' 2>/dev/null)
  if [ -n "$state" ]; then record "$1" ok "$state"; else record "$1" down "container $2 parado"; fi
}

# ------------------------------------------------------------------ Aplicações
check_http dashboard "http://localhost:${DASHBOARD_PORT:-3103}"
check_http tp-capital http://localhost:4005/health
check_http workspace  http://localhost:3200/health

# ---------------------------------------------------------------------- Dados
check_container timescaledb data-timescale
check_container redis cache-redis-master

# ---------------------------------------------------------------------- Tools
check_http langgraph "http://localhost:${LANGGRAPH_PORT:-8111}/health"
check_container agno-agents tools-agno-agents

# ----------------------------------------------------------------------- Fim
if $JSON; then
  (IFS=,; printf '{"services":[%s],"ok":%s}\n' "${RESULTS[*]}" "$([ $OVERALL -eq 0 ] && echo true || echo false)")
fi
exit $OVERALL
