#!/usr/bin/env bash
# kestra-tasks:managed c23d27a1
# Start and stop the stack's Kestra, for the monorepo's start and stop scripts.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=SCRIPTDIR/lib/common.sh disable=SC1091
. "$here/lib/common.sh"
# shellcheck source=SCRIPTDIR/lib/checks.sh disable=SC1091
. "$here/lib/checks.sh"

EXIT_LEFT_OUT=3

usage() {
  cat <<'END'
Usage: stack.sh [--for ARGUMENTS] start [--with-others] | stop | network
       stack.sh [--for ARGUMENTS] ahead start|stop [PHASE]...
       stack.sh [--for ARGUMENTS] [--done] compose ARGUMENT...

  start             docker compose -f tools/compose/docker-compose.tools.yml up -d kestra
                    Nothing with SKIP_KESTRA_AUTO_START=1 or SKIP_Kestra_AUTO_START=1.
  --with-others     first the other services of that file
  stop              stop Kestra, which gets its time to end its tasks, and its database; then what
                    run.sh started and still runs (stop.sh)
  network           make the stack's network if there is none
  ahead ACTION [PHASE]...
                    before a calling script's phases: start or stop Kestra if tools is one of
                    them, but not the first, and wasn't asked for by name; code 1 if it's left
                    to its place in the order
  compose ARG...    `docker compose ARG...` as it stands; where it starts or stops all services of
                    tools/compose/docker-compose.tools.yml, Kestra is started after the others and
                    stopped before them, as above
  --done            `compose` leaves Kestra out, since it had its turn
  --for ARGUMENTS   those of the calling script, as one word. Where they name the stack, tools,
                    `start` and `stop` mean all of its services. Where they don't, it's Kestra
                    alone; trouble with it is told and the exit code is 0, so that the calling
                    script goes on with its other stacks. With --dry-run among them, what would
                    be done is told.

Exit codes: 0 started, stopped or left out as asked; 1 usage; 3 Kestra is left out: a port is taken,
or something is missing; 5 docker failed; from `compose`, also docker's own.
END
}

# --- Kestra ----------------------------------------------------------------------------------------

# common.sh and env.sh set it
# shellcheck disable=SC2154
stack_file=$compose_file
caller=''
lenient=no whole=no had_turn=no
services=(kestra)
services+=(kestra-postgres)
read_values() {
  read_env KESTRA_CONTAINER_NAME KESTRA_DOCKER_NETWORK KESTRA_BIND_ADDRESS KESTRA_HTTP_PORT \
    KESTRA_MANAGEMENT_PORT
  container=${KESTRA_CONTAINER_NAME:-tools-kestra}
  network=${KESTRA_DOCKER_NETWORK:-tradingsystem_backend}
  # checks.sh reads it
  # shellcheck disable=SC2034
  address=${KESTRA_BIND_ADDRESS:-127.0.0.1}
  ports=("${KESTRA_HTTP_PORT:-8080}" "${KESTRA_MANAGEMENT_PORT:-8081}")
}

skipped() {
  local name
  for name in SKIP_KESTRA_AUTO_START SKIP_Kestra_AUTO_START; do
    case ${!name:-} in
      1 | true | yes)
        say "Kestra is left out: $name=${!name}; to start it: $(compose up -d kestra)"
        return 0
        ;;
    esac
  done
  return 1
}

trouble() { # trouble CODE MESSAGE [NEXT COMMAND]...
  [[ $lenient == no ]] || say 'trouble with Kestra; the rest goes on'
  (fail "$@") || return "$?"
}

# Its own ports don't count while it runs.
ports_free() {
  local port taken=0
  [[ $(docker container inspect --format '{{.State.Running}}' "$container" 2>/dev/null) != true ]] ||
    return 0
  for port in "${ports[@]}"; do
    ! listens "$port" || {
      taken=1
      trouble "$EXIT_LEFT_OUT" "port $port is taken by $(port_owner "$port"), so Kestra isn't started" \
        'inv kestra.env --ports auto --here   # moves Kestra to free ports, on this machine' \
        "$(script stack.sh) start" || :
    }
  done
  return "$taken"
}

# Whether the calling script was told to change nothing.
dry() {
  [[ $caller == *' --dry-run '* ]] || return
  say "Kestra: would run $1"
}

start_kestra() { # start_kestra [docker compose's global option]...
  local code=0
  [[ -f ${env_file:?} ]] || {
    trouble "$EXIT_LEFT_OUT" "there is no $env_file, which the stack reads" 'inv kestra.env' || return
  }
  ports_free || return "$EXIT_LEFT_OUT"
  ensure_network || return
  docker compose "$@" up -d kestra || code=$?
  ((code != 0)) || return 0
  ports_free || return "$EXIT_LEFT_OUT"
  trouble "$EXIT_DOCKER" "Kestra couldn't be started (code $code); docker's own words are above" \
    "$(compose ps -a)" "docker logs --tail 50 $container"
}

ensure_network() {
  docker network inspect "$network" >/dev/null 2>&1 || docker network create "$network" >/dev/null ||
    trouble "$EXIT_DOCKER" "the network $network can't be made; docker's own words are above" \
      "docker network create $network"
}

# Docker asks once, and a server that is booting misses it: its shell is the first process, which
# the kernel shields from TERM. Its Java takes the first one as the last word, so more do no harm.
ask_again() { # ask_again CONTAINER
  local seconds=0 next=2
  while sleep 1; do
    seconds=$((seconds + 1))
    ((seconds == next)) || continue
    next=$((next * 2 < 30 ? next * 2 : next + 30))
    docker kill --signal TERM "$1" || :
  done
}

stop_kestra() { # stop_kestra [docker compose's global option]...
  local code=0 server asking=''
  server=$(docker compose "$@" ps -q kestra 2>/dev/null) || server=''
  if [[ -n $server ]]; then
    ask_again "$server" >/dev/null 2>&1 &
    asking=$!
  fi
  docker compose "$@" stop "${services[@]}" || code=$EXIT_DOCKER
  [[ -z $asking ]] || { kill "$asking" && wait "$asking"; } 2>/dev/null || :
  "$here/stop.sh" >&2 || code=$EXIT_DOCKER
  ((code == 0)) || trouble "$code" 'Kestra may not have stopped' "$(script status.sh)"
}

# End with Kestra's code, or 0 where the caller asked for more than Kestra.
finish() {
  [[ $lenient == no ]] || exit 0
  exit "$1"
}

# --- a whole stack -----------------------------------------------------------------------------------

is_ours() {
  local service
  for service in "${services[@]}"; do
    [[ $1 != "$service" ]] || return 0
  done
  return 1
}

# Set `others` to the stack's other services.
list_others() { # list_others [docker compose's global option]...
  local listed service
  others=()
  listed=$(docker compose "$@" config --services) || return
  while IFS= read -r service; do
    [[ -z $service ]] || is_ours "$service" || others+=("$service")
  done <<<"$listed"
}

start_others() {
  [[ -f $env_file ]] || fail "$EXIT_LEFT_OUT" "there is no $env_file, which the stack reads" 'inv kestra.env'
  ensure_network || exit
  list_others -f "$stack_file" ||
    fail "$EXIT_DOCKER" "$stack_file can't be read; docker's own words are above" "$(compose config)"
  ((${#others[@]} == 0)) || docker compose -f "$stack_file" up -d "${others[@]}" ||
    fail "$EXIT_DOCKER" "services of $stack_file didn't start; docker's own words are above" "$(compose ps -a)"
}

start() {
  local code=0
  ! dry "$(compose up -d kestra)" || exit 0
  [[ $whole == no ]] || start_others
  ! skipped || exit 0
  start_kestra -f "$stack_file" || code=$?
  finish "$code"
}

stop() {
  local code=0
  ! dry "$(compose stop "${services[@]}")" || exit 0
  stop_kestra -f "$stack_file" || code=$?
  [[ $whole == no ]] || docker compose -f "$stack_file" stop || code=$EXIT_DOCKER
  finish "$code"
}

is_stack() {
  case $1 in
    tools | docker-compose.tools.yml | */docker-compose.tools.yml) ;;
    *) return 1 ;;
  esac
}

ahead() { # ahead start|stop [PHASE]...
  local action=$1 first=${2:-} phase
  shift
  [[ $lenient == yes ]] || exit 1
  if (($#)); then
    ! is_stack "$first" || exit 1
    for phase in "$@"; do
      ! is_stack "$phase" || "$action"
    done
    exit 1
  fi
  "$action"
}

# --- docker compose as the calling script says it -----------------------------------------------------

# Split "$@" into `global` options, `verb`, its `options` and `named` services.
split() {
  global=() options=() named=() verb='' files=()
  while (($#)); do
    case $1 in
      -f | --file)
        files+=("${2:-}")
        global+=("$1" "${2:-}")
        shift
        ;;
      --file=*)
        files+=("${1#*=}")
        global+=("$1")
        ;;
      -p | --project-name | --env-file | --profile | --project-directory | --ansi | --progress | --parallel)
        global+=("$1" "${2:-}")
        shift
        ;;
      -*) global+=("$1") ;;
      *) break ;;
    esac
    shift || return
  done
  (($#)) || return 0
  verb=$1
  shift
  while (($#)); do
    case $1 in
      -t | --timeout | --scale | --pull | --attach | --no-attach | --exit-code-from | --wait-timeout | --rmi)
        options+=("$1" "${2:-}")
        shift
        ;;
      -*) options+=("$1") ;;
      *) named+=("$1") ;;
    esac
    shift || return
  done
}

# Whether the files of `docker compose` hold the stack's own.
means_stack() {
  local file
  if ((${#files[@]} == 0)) && [[ -n ${COMPOSE_FILE:-} ]]; then
    IFS=${COMPOSE_PATH_SEPARATOR:-:} read -ra files <<<"$COMPOSE_FILE"
  elif ((${#files[@]} == 0)); then
    for file in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
      [[ ! -f $file ]] || files+=("$file")
    done
  fi
  for file in ${files[@]+"${files[@]}"}; do
    [[ ! $file -ef $stack_file ]] || return 0
  done
  return 1
}

run_compose() {
  local code=0 service asked=no wanted=()
  if ! split "$@" || [[ ! -f $env_file ]] || ! means_stack; then
    exec docker compose "$@"
  fi
  case $verb in
    up | start) ;;
    stop | down)
      [[ $had_turn == yes ]] || ((${#named[@]} > 0)) || stop_kestra ${global[@]+"${global[@]}"} || :
      exec docker compose "$@"
      ;;
    *) exec docker compose "$@" ;;
  esac
  # Compose wants it even where Kestra, which alone may use it, is left out.
  ensure_network || :
  if ((${#named[@]} == 0)); then
    list_others ${global[@]+"${global[@]}"} || exec docker compose "$@"
    wanted=(${others[@]+"${others[@]}"})
    asked=yes
  else
    [[ " ${named[*]} " == *' kestra '* ]] || exec docker compose "$@"
    if [[ $had_turn == no ]] && ! skipped; then
      ! ports_free || exec docker compose "$@"
      code=$EXIT_LEFT_OUT
    fi
    for service in "${named[@]}"; do
      is_ours "$service" || wanted+=("$service")
    done
  fi
  ((${#wanted[@]} == 0)) || docker compose ${global[@]+"${global[@]}"} "$verb" \
    ${options[@]+"${options[@]}"} "${wanted[@]}" || exit
  if [[ $asked == yes && $had_turn == no ]] && ! skipped; then
    start_kestra ${global[@]+"${global[@]}"} || code=$?
  fi
  finish "$code"
}

while (($#)); do
  case $1 in
    --for)
      (($# > 1)) || usage_error "$1 needs a value"
      caller=" ${2//[=,]/ } "
      if [[ $caller == *' tools '* ]]; then whole=yes; else lenient=yes; fi
      shift
      ;;
    --done) had_turn=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) break ;;
  esac
  shift
done
(($#)) || usage_error 'start, stop or compose?'
action=$1
shift
read_values
case "$action $*" in
  'start ') start ;;
  'start --with-others')
    whole=yes
    start
    ;;
  'stop ') stop ;;
  'network ') ensure_network || exit ;;
  'ahead start' | 'ahead start '* | 'ahead stop' | 'ahead stop '*) ahead "$@" ;;
  'compose '*) run_compose "$@" ;;
  *) usage_error "stack.sh doesn't know: $action $*" ;;
esac
