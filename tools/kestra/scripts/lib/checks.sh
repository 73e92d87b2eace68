# shellcheck shell=bash
# kestra-tasks:managed 38dd50cf
# What must be true before run.sh starts a server: each check adds to `problems` and goes on, so
# that all that is missing is told at once.
# shellcheck disable=SC2154 # run.sh sets the variables that are only used here

problems=()
problem() { # problem WHAT NEXT-COMMAND: told together, once all is looked at
  problems+=("$1" "$2")
}

# The same rules as `inv kestra.env`.
check_password() { # check_password VARIABLE VALUE
  local placeholder='^(change[_-]?(me|it|this)([^a-z0-9_].*)?|change[_-]?me[_-].*|changeme123!?|<[^>]*>|x{4,}|(your|sua|seu)[_-].*(password|secret|senha).*|replace[_-]?me.*|todo|\*{3,})$'
  if [[ $2 =~ ^[[:space:]]*$ ]]; then
    if [[ -f $env_file ]]; then
      problem "$1 is missing in $env_file" 'inv kestra.env'
    else
      problem "$1 is missing: there is no $env_file" 'inv kestra.env   # or: run.sh --local'
    fi
  elif [[ $(tr '[:upper:]' '[:lower:]' <<<"$2") =~ $placeholder ]]; then
    problem "$1 is still a placeholder" 'inv kestra.env'
  elif [[ $2 == *\$\{* ]]; then
    problem "$1 has '\${' in it, which the server would resolve once more" 'choose another'
  elif [[ $2 == *[[:cntrl:]]* ]]; then
    problem "$1 has a control character in it" 'choose another'
  fi
}

check_login() {
  local address='^[a-zA-Z0-9_!#$%&'\''*+/=?`{|}~^.-]+@[a-zA-Z0-9.-]+$' password=$basicauth_password
  check_password KESTRA_BASICAUTH_PASSWORD "$password"
  [[ $username =~ $address ]] ||
    problem "KESTRA_BASICAUTH_USERNAME is $username, but Kestra takes only an e-mail address" \
      'KESTRA_BASICAUTH_USERNAME=admin@tradingsystem.local'
  [[ -z $password || (${#password} -ge 8 && $password == *[A-Z]* && $password == *[a-z]* && $password == *[0-9]*) ]] ||
    problem 'KESTRA_BASICAUTH_PASSWORD needs 8 characters, with upper case, lower case and a digit' \
      "choose another in $env_file"
}

check_engine() {
  local endpoint
  endpoint=${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || :)}
  case $endpoint in
    tcp://* | ssh://* | http*)
      problem "docker talks to $endpoint: folders of this machine can't be mounted there" \
        'docker context use default   # and unset DOCKER_HOST'
      ;;
    unix://*)
      # Docker Desktop has the socket inside its own machine.
      [[ -S $socket || $endpoint == *docker/desktop* || $endpoint == */.docker/run/* ]] ||
        problem "there is no Docker socket at $socket" "KESTRA_DOCKER_SOCKET=${endpoint#unix://}"
      ;;
  esac
}

check_name() {
  local state
  state=$(docker container inspect --format '{{.State.Status}}' "$name" 2>/dev/null) || return 0
  if [[ $state == running ]]; then
    problem "a container called $name runs already" "$(script stop.sh) $name   # or: --name ANOTHER"
  else
    problem "a container called $name exists ($state)" "docker rm $name   # or: --name ANOTHER"
  fi
}

listens() { # listens PORT
  local at=${address//[\[\]]/}
  case $at in 0.0.0.0) at=127.0.0.1 ;; ::) at=::1 ;; esac
  (exec 3<>"/dev/tcp/$at/$1") 2>/dev/null
}

port_owner() {
  local owner
  owner=$(docker ps --filter "publish=$1" --format 'container {{.Names}}')
  [[ -n $owner ]] || owner=$(ss -Hltnp "sport = :$1" 2>/dev/null |
    sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/process \1 (pid \2)/p') || owner=''
  owner=${owner%%$'\n'*}
  printf '%s' "${owner:-another process}"
}

check_port() { # check_port PORT OPTION
  ! listens "$1" || problem "port $1 is taken by $(port_owner "$1")" "choose another: $2 N"
}

# uses_our_database ID: whether that container's server has the database that ours would have. A
# bare host name means the same only on the same network.
uses_our_database() {
  local words word host='' port='' base=''
  [[ $db_host == *[.:]* || -n $(docker ps --quiet --filter "id=$1" --filter "network=$network") ]] ||
    return 1
  words=$(docker container inspect --format '{{range .Config.Env}}{{$e := split . "="}}
    {{- if eq (index $e 0) "ORCHESTRATOR_DB_HOST"}}h{{index $e 1}} {{end}}
    {{- if eq (index $e 0) "ORCHESTRATOR_DB_PORT"}}p{{index $e 1}} {{end}}
    {{- if eq (index $e 0) "ORCHESTRATOR_DB_NAME"}}n{{index $e 1}} {{end}}
    {{- end}}' "$1" 2>/dev/null) || return 1
  for word in $words; do
    case $word in
      h*) host=${word#h} ;;
      p*) port=${word#p} ;;
      n*) base=${word#n} base=${base%%\?*} ;;
    esac
  done
  [[ $host == "$db_host" && $port == "$db_port" && $base == "$db_name" ]]
}

check_other_servers() {
  local id other state list
  list=$(containers --filter status=running)
  while IFS=$'\x1f' read -r _ id other state _; do
    [[ -n $id ]] || continue
    if ! uses_our_database "$id"; then
      note_storage "$id" "$other"
    elif [[ -n $database ]]; then
      say "warning: $other uses the database $db_name too: two servers on one"
    else
      problem "$other ($state) uses the database $db_name; a second server there needs your word" \
        "$(script run.sh) --database NAME   # another database, or first: $(stop_command "$other")"
    fi
  done <<<"$list"
}

stop_command() {
  if [[ $1 == "${KESTRA_CONTAINER_NAME:-tools-kestra}" ]]; then
    compose stop kestra
  else
    printf '%s %s' "$(script stop.sh)" "$1"
  fi
}

note_storage() { # note_storage ID NAME
  local theirs
  theirs=$(docker container inspect --format '{{range .Mounts}}{{if eq .Destination "/app/storage"}}{{.Source}}{{end}}{{end}}' "$1" 2>/dev/null) || return 0
  [[ ! $theirs -ef $storage ]] ||
    say "warning: $2 keeps its files in the same folder $storage, and both would write namespace files there; set KESTRA_STORAGE_DIR to another"
}

check_network() {
  docker network inspect "$network" >/dev/null 2>&1 && return
  problem "there is no Docker network $network" "docker network create $network"
  return 1
}

# A bare host name is a container's on that network, or one that this machine can look up.
check_postgres() {
  local ids names state health=''
  [[ $db_host != *[.:]* ]] || return 0
  ids=$(docker ps --quiet --filter "network=$network")
  db_container=''
  while IFS=' ' read -r names state; do
    [[ $names != *"/$db_host/"* ]] || {
      health=$state db_container=${names#/} db_container=${db_container%%/*}
    }
  done < <([[ -z $ids ]] || xargs docker container inspect --format \
    "{{.Name}}/{{with index .NetworkSettings.Networks \"$network\"}}{{range .Aliases}}{{.}}/{{end}}{{end}} {{with .State.Health}}{{.Status}}{{else}}running{{end}}" <<<"$ids")
  case $health in
    healthy | running) check_database ;;
    '') problem_absent ;;
    *) problem "the database's container $db_container is $health" \
      "docker logs --tail 20 $db_container   # or try again in a moment" ;;
  esac
}

problem_absent() {
  if [[ $db_host == kestra-postgres ]]; then
    problem "no running container answers to $db_host on the network $network" \
      "$(compose up -d --wait kestra-postgres)"
    return
  fi
  getent hosts "$db_host" >/dev/null 2>&1 ||
    problem "nothing answers to $db_host, neither on the network $network nor in this machine's names" \
      "start that database, or give another: KESTRA_DB_HOST in $env_file, or --database URL"
}

check_database() {
  local there
  [[ -n $database ]] || return 0
  there=$(docker exec "$db_container" psql -U "$db_user" -d postgres -tAc \
    "select 1 from pg_database where datname = '$db_name'" 2>/dev/null) || return 0
  [[ $there == 1 ]] ||
    problem "there is no database $db_name in $db_container" \
      "docker exec $db_container createdb -U $(printf '%q' "$db_user") $db_name"
}

explain() { # explain CODE: why `docker run` itself failed, by what can be seen now
  if docker image inspect "$image" >/dev/null 2>&1; then
    for port in "$http_port" "$management_port"; do
      ! listens "$port" || fail "$EXIT_DOCKER" "port $port was taken meanwhile by $(port_owner "$port")" \
        'choose others: --port N --management-port N'
    done
    [[ $pull != always ]] || docker pull --quiet "$image" >/dev/null 2>&1 ||
      fail "$EXIT_DOCKER" "$image can't be pulled (docker's own words are above), but a copy is here" \
        "the same command with --pull=missing uses that copy"
    fail "$EXIT_DOCKER" "docker couldn't start the server (code $1); its own words are above"
  fi
  fail "$EXIT_DOCKER" "$image can't be pulled, and no copy is here; docker's own words are above" \
    "docker pull $image   # or set KESTRA_IMAGE in $env_file"
}
