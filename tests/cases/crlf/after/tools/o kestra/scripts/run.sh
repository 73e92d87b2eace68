#!/usr/bin/env bash
# kestra-tasks:managed 74f5b09f
# Run Kestra by its official `docker run` command, apart from the Compose stack.
# shellcheck disable=SC2154 # lib/common.sh and lib/checks.sh set the variables that aren't set here
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=SCRIPTDIR/lib/common.sh disable=SC1091
. "$here/lib/common.sh"
# shellcheck source=SCRIPTDIR/lib/checks.sh disable=SC1091
. "$here/lib/checks.sh"

usage() {
  cat <<'END'
Usage: run.sh [option]...

Run `docker run --pull=always --rm --user=root ... server standalone` against the stack's Postgres.
Values come from the environment, else from the monorepo's .env.

  -d, --detach            in the background (otherwise in this terminal; Ctrl-C stops it)
  --port N                host port of the UI and API      (default: KESTRA_HTTP_PORT)
  --management-port N     host port of health and metrics  (default: KESTRA_MANAGEMENT_PORT)
  --name NAME             name of the container            (default: tools-kestra-wrapper)
  --database NAME         another database on the same Postgres
  --database URL          postgresql://USER@HOST:PORT/NAME; the password is KESTRA_DB_PASSWORD
  --network NAME          Docker network                   (default: KESTRA_DOCKER_NETWORK)
  --local                 `server local`: needs neither Postgres, network nor .env; its flows and
                          executions are gone with the container
  --pull POLICY           always (default), missing or never
  --dry-run               print the command, change nothing
  --help                  this text

Exit codes: 0 done; 1 usage; 3 something is missing or in the way; 5 docker or the server failed;
130 and 143 interrupted.
END
}

detach=no dry_run=no mode=standalone pull=always
http_port='' management_port='' name='' database='' network=''
while (($#)); do
  case $1 in
    --port=* | --management-port=* | --name=* | --database=* | --network=* | --pull=*)
      set -- "${1%%=*}" "${1#*=}" "${@:2}"
      ;;
  esac
  case $1 in
    --port | --management-port | --name | --database | --network | --pull)
      [[ -n ${2:-} ]] || usage_error "$1 needs a value"
      ;;
  esac
  case $1 in
    -d | --detach) detach=yes ;;
    --local) mode=local ;;
    --dry-run) dry_run=yes ;;
    --port) http_port=$2 && shift ;;
    --management-port) management_port=$2 && shift ;;
    --name) name=$2 && shift ;;
    --database) database=$2 && shift ;;
    --network) network=$2 && shift ;;
    --pull) pull=$2 && shift ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) usage_error "unknown option $1" ;;
  esac
  shift
done

# --- values --------------------------------------------------------------------------------------

password_place="KESTRA_BASICAUTH_PASSWORD in $env_file"
[[ -z ${KESTRA_BASICAUTH_PASSWORD:-} ]] || password_place='KESTRA_BASICAUTH_PASSWORD in the environment'
read_env KESTRA_IMAGE KESTRA_CONTAINER_NAME KESTRA_BIND_ADDRESS KESTRA_HTTP_PORT \
  KESTRA_MANAGEMENT_PORT KESTRA_URL KESTRA_DOCKER_NETWORK KESTRA_DOCKER_SOCKET \
  KESTRA_STORAGE_DIR KESTRA_WORKDIR_DIR KESTRA_MEMORY KESTRA_JAVA_OPTS KESTRA_DB_HOST \
  KESTRA_DB_PORT KESTRA_DB_NAME KESTRA_DB_USER KESTRA_DB_PASSWORD KESTRA_BASICAUTH_USERNAME \
  KESTRA_BASICAUTH_PASSWORD

image=${KESTRA_IMAGE:-kestra/kestra:latest}
name=${name:-${KESTRA_CONTAINER_NAME:-tools-kestra}-wrapper}
address=${KESTRA_BIND_ADDRESS:-127.0.0.1}
own_port=${http_port:+yes}
http_port=${http_port:-${KESTRA_HTTP_PORT:-8080}}
management_port=${management_port:-${KESTRA_MANAGEMENT_PORT:-8081}}
network=${network:-${KESTRA_DOCKER_NETWORK:-tradingsystem_backend}}
socket=${KESTRA_DOCKER_SOCKET:-/var/run/docker.sock}
memory=${KESTRA_MEMORY:-4g}
username=${KESTRA_BASICAUTH_USERNAME:-admin@tradingsystem.local}
basicauth_password=${KESTRA_BASICAUTH_PASSWORD:-}
database_password=${KESTRA_DB_PASSWORD:-}

for port in "$http_port" "$management_port"; do
  [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || usage_error "$port isn't a TCP port"
done
((http_port != management_port)) || usage_error "both ports are $http_port"
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || usage_error "$name isn't a container name"
[[ $network =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || usage_error "$network isn't a network name"
[[ $pull == always || $pull == missing || $pull == never ]] ||
  usage_error "--pull takes always, missing or never"
[[ $mode == standalone || -z $database ]] || usage_error '--local has a database of its own'

case $address in
  127.0.0.1 | 0.0.0.0 | '[::]') host=localhost ;;
  *) host=$address ;;
esac
url=http://$host:$http_port/
[[ -n $own_port ]] || url=${KESTRA_URL:-$url}

db_host=${KESTRA_DB_HOST:-kestra-postgres} db_port=${KESTRA_DB_PORT:-5432}
db_user=${KESTRA_DB_USER:-kestra} db_name=${KESTRA_DB_NAME:-kestra} db_options=''
read_database() {
  local form='^(jdbc:)?postgres(ql)?://(([^@:/]+)@)?([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(:([0-9]+))?/([A-Za-z0-9_.-]+)(\?[^[:space:]]+)?$'
  local secret='://[^/]*:[^/]*@|[?&](user|password)='
  if [[ $database == *://* ]]; then
    # Its own command line shows in `ps`, so the URL isn't repeated here either.
    [[ ! $database =~ $secret ]] ||
      usage_error '--database: a URL shows in ps; leave the password out and export KESTRA_DB_PASSWORD'
    [[ $database =~ $form ]] ||
      usage_error '--database: the URL must be postgresql://USER@HOST:PORT/NAME'
    db_user=${BASH_REMATCH[4]:-$db_user} db_host=${BASH_REMATCH[5]}
    db_port=${BASH_REMATCH[7]:-5432} db_name=${BASH_REMATCH[8]} db_options=${BASH_REMATCH[9]:-}
  else
    [[ $database =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] ||
      usage_error "--database takes a name or a URL"
    db_name=$database
  fi
}
[[ -z $database ]] || read_database

# A folder as Compose reads it: relative to the stack's compose file.
folder() { # folder VARIABLE DEFAULT
  case ${!1:-} in
    '') printf '%s' "$2" ;;
    /*) printf '%s' "${!1}" ;;
    \~ | \~/*) printf '%s' "$HOME${!1:1}" ;;
    .*) printf '%s/%s' "${compose_file%/*}" "${!1}" ;;
    *) fail "$EXIT_PRECONDITION" "$1=${!1} names no folder: it begins with neither '/' nor '.'" \
      "write it as $1=./${!1} (relative to ${compose_file%/*})" ;;
  esac
}
storage=$(folder KESTRA_STORAGE_DIR "$root/tools/o kestra/storage")
workdir=$(folder KESTRA_WORKDIR_DIR "$root/tools/o kestra/workdir")

# Without credentials the first visitor would own the server.
draw_login() {
  local file="$root/tools/o kestra/tmp/local-password"
  password_place=$file
  [[ $dry_run == no ]] || return 0
  if [[ ! -s $file ]]; then
    mkdir -p -- "${file%/*}"
    (umask 077 && printf 'Aa1%s\n' "$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | cut -c 1-24)" >"$file")
  fi
  IFS= read -r basicauth_password <"$file"
}

if [[ $mode == local && -z $basicauth_password ]]; then
  draw_login
else
  check_login
fi
[[ $mode == local ]] || check_password KESTRA_DB_PASSWORD "$database_password"

need_docker
check_engine
check_name
check_port "$http_port" --port
check_port "$management_port" --management-port
if [[ $mode == standalone ]]; then
  check_other_servers
  ! check_network || check_postgres
fi

# --- the command ---------------------------------------------------------------------------------

# "${NAME}" below is for the server: it takes the value from its environment, so that a value is
# never pasted into YAML.
configuration() {
  if [[ $mode == standalone ]]; then
    cat <<'END'
datasources:
  postgres:
    url: jdbc:postgresql://${ORCHESTRATOR_DB_HOST}:${ORCHESTRATOR_DB_PORT}/${ORCHESTRATOR_DB_NAME}
    driver-class-name: org.postgresql.Driver
    username: ${ORCHESTRATOR_DB_USER}
    password: ${ORCHESTRATOR_DB_PASSWORD_GIVEN}
END
  fi
  cat <<'END'
kestra:
  url: ${ORCHESTRATOR_URL}
  server:
    basic-auth:
      enabled: true
      username: ${ORCHESTRATOR_BASICAUTH_USERNAME}
      password: ${ORCHESTRATOR_BASICAUTH_PASSWORD_GIVEN}
  tasks:
    tmp-dir:
      path: /tmp/kestra-wd/tmp
END
  if [[ $mode == standalone ]]; then
    cat <<'END'
  repository:
    type: postgres
  queue:
    type: postgres
  storage:
    type: local
    local:
      base-path: /app/storage
END
  fi
}

# `server local` may open its management port anywhere; /ping needs no login.
health_command() {
  local port=8081 path=/health/readiness
  [[ $mode == standalone ]] || port=8080 path=/ping
  printf '%s' "bash -c \"exec 3<>/dev/tcp/127.0.0.1/$port &&" \
    " printf 'GET $path HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 &&" \
    " read -r -t 8 status <&3 && [[ \\\$status == *' 200 '* ]]\""
}

mount() { # mount SOURCE TARGET, in CSV: quoted, no character of a path is special
  local source="source=$1"
  [[ $1 != *[,\"]* ]] || source="\"${source//\"/\"\"}\""
  printf 'type=bind,%s,target=%s' "$source" "$2"
}

arguments=("--pull=$pull" --rm --user=root --name "$name")
if [[ $detach == yes ]]; then
  arguments+=(--detach)
elif [[ -t 0 && -t 1 ]]; then
  arguments+=(-it)
fi
arguments+=(
  --label "$LABEL.role=wrapper" --label "$LABEL.root=$root" --label "$LABEL.stack=tools"
  --publish "$address:$http_port:8080" --publish "$address:$management_port:8081"
  --mount "$(mount "$socket" /var/run/docker.sock)"
  --mount "$(mount "$workdir" /tmp/kestra-wd)"
)
[[ $mode == local ]] || arguments+=(--mount "$(mount "$storage" /app/storage)" --network "$network")
arguments+=(
  --memory "$memory" --stop-timeout "$GRACE" --log-driver json-file --log-opt max-size=10m
  --log-opt max-file=5 --health-cmd "$(health_command)" --health-interval 5s
  --health-timeout 10s --health-retries 6 --health-start-period 5m
  --env LANG=C.UTF-8 --env LC_ALL=C.UTF-8
  --env "JAVA_OPTS=${KESTRA_JAVA_OPTS:--XX:MaxRAMPercentage=50}" --env "ORCHESTRATOR_URL=$url"
)
[[ $mode == local ]] || arguments+=(
  --env "ORCHESTRATOR_DB_HOST=$db_host" --env "ORCHESTRATOR_DB_PORT=$db_port"
  --env "ORCHESTRATOR_DB_NAME=$db_name$db_options" --env "ORCHESTRATOR_DB_USER=$db_user"
  --env ORCHESTRATOR_DB_PASSWORD_GIVEN
)
# Without a value docker takes it from the environment: it doesn't show in `ps`.
arguments+=(
  --env "ORCHESTRATOR_BASICAUTH_USERNAME=$username" --env ORCHESTRATOR_BASICAUTH_PASSWORD_GIVEN
  --env KESTRA_CONFIGURATION "$image" server "$mode"
)

# Becomes docker, so that a signal to this process reaches it.
docker_run() {
  export ORCHESTRATOR_DB_PASSWORD_GIVEN=$database_password
  export ORCHESTRATOR_BASICAUTH_PASSWORD_GIVEN=$basicauth_password
  KESTRA_CONFIGURATION=$(configuration)
  export KESTRA_CONFIGURATION
  exec docker run "${arguments[@]}"
}

quoted() { # as a shell takes it, and as a person likes to read it
  if [[ $1 =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]]; then
    printf '%s' "$1"
  else
    printf "'%s'" "${1//\'/\'\\\'\'}"
  fi
}

show_command() {
  local argument line='docker run'
  for argument in "${arguments[@]}"; do
    if [[ $argument == -* && ${#line} -gt 60 ]]; then
      printf '%s \\\n' "$line"
      line='   '
    fi
    line+=" $(quoted "$argument")"
  done
  printf '%s\n' "$line"
}

if [[ $dry_run == yes ]]; then
  printf "export KESTRA_CONFIGURATION='%s'\n" "$(configuration)"
  [[ $mode == local ]] || printf 'export ORCHESTRATOR_DB_PASSWORD_GIVEN=****\n'
  printf 'export ORCHESTRATOR_BASICAUTH_PASSWORD_GIVEN=****\n'
  printf 'mkdir -p %q %q\n' "$storage" "$workdir"
  show_command
fi
if ((${#problems[@]})); then
  for ((i = 0; i < ${#problems[@]}; i += 2)); do
    printf 'error: %s\n  -> %s\n' "${problems[i]}" "${problems[i + 1]}" >&2
  done
  exit "$EXIT_PRECONDITION"
fi
[[ $dry_run == no ]] || exit 0

mkdir -p -- "$storage" "$workdir" ||
  fail "$EXIT_PRECONDITION" "the folders can't be made" "mkdir -p $(printf '%q %q' "$storage" "$workdir")"
show_command >&2
say "UI on port $http_port, management on port $management_port (address $address)"

if [[ $detach == yes ]]; then
  (docker_run) || explain "$?"
  say "started $name; it needs some seconds to a minute to be healthy
  UI        $url
  user      $username
  password  $password_place
  health    curl -fsS http://$host:$management_port/health
  status    $(script status.sh)
  logs      $(script logs.sh) $name
  stop      $(script stop.sh) $name"
  exit 0
fi

say "user $username, password: $password_place; Ctrl-C stops the server"
code=0
if [[ -t 0 && -t 1 ]]; then
  (docker_run) || code=$?
else
  # Without a terminal, signals reach only this script: it hands them on and waits.
  signal=0
  docker_run &
  child=$!
  # A background process ignores INT, so it gets TERM for both.
  trap 'signal=130; kill "$child" 2>/dev/null || :' INT
  trap 'signal=143; kill "$child" 2>/dev/null || :' TERM HUP
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do
    code=0
    wait "$child" || code=$?
  done
  ((signal == 0)) || exit "$signal"
fi
case $code in
  0 | 143) say "$name has ended; its container is removed" ;;
  130) exit 130 ;;
  125 | 126 | 127) explain "$code" ;;
  137) fail "$EXIT_DOCKER" "$name was killed: out of memory (limit $memory), or stopped by force" \
    'raise KESTRA_MEMORY in .env' ;;
  *) fail "$EXIT_DOCKER" "the server ended with code $code; its last words are above" ;;
esac
