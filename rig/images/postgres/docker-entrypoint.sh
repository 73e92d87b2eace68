#!/usr/bin/env bash
# Starts PostgreSQL 15 from the environment: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB,
# POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD, each also as NAME_FILE. An empty PGDATA is
# initialised once; existing data are left as they are, whatever the environment says.
set -euo pipefail

note() { printf 'kestra-rig postgres: %s\n' "$*"; }
fail() {
  printf 'kestra-rig postgres: %s\n' "$*" >&2
  exit 1
}

from_file() {
  local name=$1 file_name=$1_FILE
  if [[ -n ${!file_name:-} ]]; then
    [[ -z ${!name:-} ]] || fail "$name and $file_name are both set; give one of them."
    export "$name=$(<"${!file_name}")"
    unset "$file_name"
  fi
}

initialise() {
  local auth=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [[ -z ${POSTGRES_PASSWORD:-} && $auth != trust ]]; then
    fail "the database is not initialised and no superuser password is given: set POSTGRES_PASSWORD to a non-empty value."
  fi
  [[ ${POSTGRES_PASSWORD:-} != *$'\n'* ]] || fail "POSTGRES_PASSWORD can't contain a line break."
  local -a extra=()
  read -ra extra <<<"${POSTGRES_INITDB_ARGS:-}"
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") \
    --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host="$auth" "${extra[@]}"
  printf '\nhost all all all %s\n' "$auth" >>"$PGDATA/pg_hba.conf"
  printf "\nlisten_addresses = '*'\njit = off\n" >>"$PGDATA/postgresql.conf"

  note "setting up the database"
  pg_ctl --wait --silent --options="-c listen_addresses=''" start
  if [[ $POSTGRES_DB != postgres ]]; then
    PGOPTIONS='' psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
      --set=name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
  fi
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) note "running $script" && bash "$script" ;;
      *.sql)
        note "running $script"
        psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --file="$script"
        ;;
    esac
  done
  pg_ctl --wait --silent --mode=fast stop
  note "initialised"
}

if [[ ${1:-postgres} == -* ]]; then
  set -- postgres "$@"
fi

if [[ $1 == postgres ]]; then
  if [[ $(id -u) == 0 ]]; then
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "${BASH_SOURCE[0]}" "$@"
  fi
  for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS POSTGRES_HOST_AUTH_METHOD; do
    from_file "$name"
  done
  export POSTGRES_USER=${POSTGRES_USER:-postgres}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  if [[ -s $PGDATA/PG_VERSION ]]; then
    note "the data folder holds a database already; leaving it as it is"
  else
    initialise
  fi
fi

exec "$@"
