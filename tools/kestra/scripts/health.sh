#!/usr/bin/env bash
# kestra-tasks:managed 8df22b4f
# Say whether this monorepo's Kestra is healthy: its container, and what its own port answers.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=SCRIPTDIR/lib/common.sh disable=SC1091
. "$here/lib/common.sh"
# shellcheck source=SCRIPTDIR/lib/probe.sh disable=SC1091
. "$here/lib/probe.sh"

EXIT_UNHEALTHY=4
# shellcheck disable=SC2034 # for beside.sh
NAMES='kestra kestra-orchestrator tools-kestra'

usage() {
  cat <<'END'
Usage: health.sh [--json] [--timeout SECONDS] [--help]
       health.sh --beside SHELL SCRIPT [ARGUMENT...]

Say whether this monorepo's Kestra is healthy. What is asked is the port that Docker publishes for
its container, so another server on that port is never taken for it:
  /health          on the management port
  /actuator/health on the HTTP port, where the first gives no answer; it says so
States: up, starting, degraded (the container is healthy, its port doesn't answer), down, stopped.

  --json             one JSON document
  --timeout SECONDS  for each question (default: 4)
  --beside ...       run the monorepo's own health check, by the shell that it was started with,
                     and add Kestra to what it prints: an item in its JSON's arrays of services
                     and containers, or a line of text.
                     `--services kestra` asks for Kestra alone, `--services a,kestra` for both.
                     Its exit code stays; where that is 0, Kestra asked for by name, or started
                     and not healthy, makes it 1.

Exit codes: 0 up; 1 usage; 3 Docker can't be asked; 4 anything else.
END
}

# look SECONDS: set state, message, next, id, name, running (Docker's words), url, code, word, ui.
look() {
  local limit=$1 list kind chosen=''
  state=unknown message='' next='' id='' name=tools-kestra running='' url='' code=000 word=''
  KESTRA_IMAGE=${KESTRA_IMAGE:-kestra/kestra:latest}
  ui=http://localhost:${KESTRA_HTTP_PORT:-8080}
  list=$(containers) || return 0
  while IFS=$'\x1f' read -r kind id name running _; do
    [[ $kind != [12]-* || -n $chosen ]] || chosen=$id$'\x1f'$name$'\x1f'$running
  done <<<"$list"
  if [[ -z $chosen ]]; then
    not_running "$limit"
    return
  fi
  IFS=$'\x1f' read -r id name running <<<"$chosen"
  next="docker logs --tail 50 $name"
  asked "$limit" 8081 /health || asked "$limit" 8080 /actuator/health || true
  case $(verdict "$code" "$word"):$running in
    up:*) state=up next='' ;;
    *:*'(health: starting)'*) state=starting ;;
    *:Restarting*) state=down ;;
    *:*'(healthy)'*) [[ $code == 000 ]] && state=degraded || state=down ;;
    *) state=down ;;
  esac
  message="$name ($running)"
  if [[ $code != 000 ]]; then
    message+=", $url answers $code${word:+, $word}"
    [[ $url != */actuator/health ]] || message+=" (the management port gave no answer)"
  elif [[ -n $url ]]; then
    message+=", $url gives no answer"
  else
    message+=', which publishes no port to ask'
  fi
}

# asked SECONDS PORT PATH: ask our container at the port of this machine that Docker gives it.
asked() {
  local published
  published=$(docker port "$id" "$2/tcp" 2>/dev/null | grep -m 1 -v '^\[' || true)
  [[ $published == *:* ]] || return 1
  url=http://${published/#0.0.0.0/127.0.0.1}$3
  ask "$url" "$1"
  [[ $code != 000 && ($3 == /health || $word == UP) ]] || {
    [[ $3 == /health ]] || code=000 word=''
    return 1
  }
}

not_running() {
  local port=${KESTRA_MANAGEMENT_PORT:-8081} stopped owner
  state=stopped message="tools-kestra isn't started" next=$(compose up -d kestra) id=''
  stopped=$(containers --filter status=created --filter status=exited --filter status=dead |
    grep -m 1 '^[12]-' || true)
  if [[ -n $stopped ]]; then
    IFS=$'\x1f' read -r _ id name running _ <<<"$stopped"
    message="$name is stopped: $running"
    case $running in
      Exited\ \(0\)* | Exited\ \(130\)* | Exited\ \(137\)* | Exited\ \(143\)*) ;;
      Exited*) state=down next="docker logs --tail 50 $name" ;;
    esac
  fi
  ask "http://127.0.0.1:$port/health" "$1"
  [[ $code != 000 ]] || return 0
  owner=$(docker ps --filter "publish=$port" --format '{{.Names}}' 2>/dev/null | head -n 1 || true)
  message+="; port $port is answered by ${owner:-another server}, which isn't this monorepo's Kestra"
  code=000 word=''
}

document() {
  local ok=false
  [[ $state != up ]] || ok=true
  printf '{"schema":"kestra-tasks/health-script/1","service":"kestra-orchestrator",'
  printf '"status":"%s","healthy":%s,"message":%s,' "$state" "$ok" "$(quoted "$message")"
  printf '"container":{"id":%s,"name":%s,"status":%s},' \
    "$(quoted "$id")" "$(quoted "$name")" "$(quoted "$running")"
  printf '"health":{"url":%s,"httpStatus":%d,"word":%s},' \
    "$(quoted "$url")" "$((10#$code))" "$(quoted "$word")"
  printf '"ui":%s,"next":%s}\n' "$(quoted "$ui")" "$(quoted "$next")"
}

# For the scripts that call this one: the same, between bytes 1f.
porcelain() {
  local IFS=$'\x1f'
  local fields=("$state" "$message" "$next" "$name" "$running" "$url" "$code" "$word" "$ui")
  printf '%s\n' "${fields[*]//$'\n'/ }"
}

format=text limit=4
while (($#)); do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --json) format=json ;;
    --porcelain) format=porcelain ;;
    --timeout | --timeout=*)
      if [[ $1 == --timeout ]]; then
        (($# > 1)) || usage_error "$1 needs a value"
        shift
      fi
      limit=${1#*=}
      ;;
    --beside)
      (($# > 2)) || usage_error "$1 needs a shell and a script"
      shift
      # shellcheck source=SCRIPTDIR/lib/beside.sh disable=SC1091
      . "$here/lib/beside.sh"
      beside "$@" # which ends this script
      ;;
    *) usage_error "unknown argument $1" ;;
  esac
  shift
done
[[ $limit =~ ^[0-9]{1,4}$ && $limit -gt 0 ]] || usage_error "--timeout takes seconds, not $limit"

read_env KESTRA_IMAGE KESTRA_CONTAINER_NAME KESTRA_HTTP_PORT KESTRA_MANAGEMENT_PORT
need_docker
look "$limit"
case $format in
  json) document ;;
  porcelain) porcelain ;;
  text)
    printf 'Kestra: %s - %s\n' "$state" "$message"
    [[ -z $next ]] || say "  -> $next"
    ;;
esac
[[ $state == up ]] || exit "$EXIT_UNHEALTHY"
