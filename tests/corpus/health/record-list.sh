#!/usr/bin/env bash
# ============================================================
# Verificação de saúde
#   health-check-all.sh [--json] [--services nome,nome]
# ============================================================
set -o pipefail
JSON=false
SERVICES=""
while [ $# -gt 0 ]; do
  case $1 in
    --json) JSON=true ;;
    --services) SERVICES=$2; shift ;;
    --services=*) SERVICES=${1#*=} ;;
    *) echo "opção desconhecida: $1" >&2; exit 2 ;;
  esac
  shift
done

RESULTS=()
OVERALL=0
wanted() { [ -z "$SERVICES" ] || [[ ",$SERVICES," == *",$1,"* ]]; }

record() {
  RESULTS+=("{\"service\":\"$1\",\"status\":\"$2\",\"detail\":\"$3\"}")
  [ "$2" = ok ] || OVERALL=1
  $JSON || echo "$2 $1 $3"
}

check_http() {
  wanted "$1" || return 0
  if curl -fsS --max-time 5 "$2" >/dev/null 2>&1; then record "$1" ok "$2"; else record "$1" down "$2"; fi
}

check_container() {
  wanted "$1" || return 0
  local state
  state=$(docker ps --filter "name=^/$2\$" --format '{{.Status}}' 2>/dev/null)
  if [ -n "$state" ]; then record "$1" ok "$state"; else record "$1" down "$2"; fi
}

check_http workspace http://localhost:3200/health
check_http tp-capital http://localhost:4005/health
check_container redis cache-redis

if $JSON; then
  (IFS=,; printf '{"services":[%s],"ok":%s}\n' "${RESULTS[*]}" "$([ $OVERALL -eq 0 ] && echo true || echo false)")
fi
exit $OVERALL
