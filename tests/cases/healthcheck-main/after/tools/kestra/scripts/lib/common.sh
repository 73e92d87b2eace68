# shellcheck shell=bash
# kestra-tasks:managed 6a66061c
# What run.sh, status.sh, logs.sh and stop.sh share. Each sets `here`, its own folder, before it
# sources this.
# shellcheck disable=SC2034 # the variables below are for the scripts that source this

EXIT_USAGE=1
EXIT_PRECONDITION=3
EXIT_DOCKER=5

LABEL=dev.kestra-tasks
# Kestra gives running tasks five minutes to end; killed earlier they are left RUNNING.
GRACE=360

root=$(cd -P -- "${here:?}/../../.." && pwd)
compose_file="$root/tools/compose/docker-compose.tools.yml"
env_file="$root/.env"

# fail CODE MESSAGE [NEXT COMMAND]...
fail() {
  local code=$1 next
  printf 'error: %s\n' "$2" >&2
  shift 2
  for next in "$@"; do
    printf '  -> %s\n' "$next" >&2
  done
  exit "$code"
}

usage_error() {
  fail "$EXIT_USAGE" "$1" "$(script "${0##*/}") --help"
}

say() {
  printf '%s\n' "$*" >&2
}

# shellcheck source=SCRIPTDIR/env.sh disable=SC1091
. "$here/lib/env.sh"

# A sibling script, as it can be typed in any folder.
script() {
  printf '%q' "$here/$1"
}

compose() {
  printf 'docker compose -f %q %s' "$compose_file" "$*"
}

need_docker() {
  local words
  command -v docker >/dev/null ||
    fail "$EXIT_PRECONDITION" "docker isn't installed or not on PATH" \
      'inv kestra.discover   # says what is missing'
  words=$(docker version --format '{{.Server.Version}}' 2>&1 >/dev/null) && return
  words=${words##*$'\n'}
  case $words in
    *[Pp]ermission\ denied*)
      fail "$EXIT_PRECONDITION" "you may not use the Docker engine: $words" \
        "sudo usermod -aG docker \"\$USER\"   # then log in again"
      ;;
    *)
      fail "$EXIT_PRECONDITION" "the Docker engine doesn't answer: $words" \
        'sudo systemctl start docker'
      ;;
  esac
}

# containers [docker ps option]...: a line for each Kestra container, its fields separated by the
# byte 1f: kind, ID, name, status, ports, image. Kinds: 1-stack (the Compose service of this
# monorepo), 2-wrapper (started by this run.sh), 3-other. The label finds what an older `latest`
# started; the ancestor finds what was started by hand.
containers() {
  local s=$'\x1f' seen=' ' id name role of folder rest lines
  local format="{{.ID}}$s{{.Names}}$s{{.Label \"$LABEL.role\"}}$s{{.Label \"$LABEL.root\"}}"
  format+="$s{{.Label \"com.docker.compose.project.working_dir\"}}"
  format+="$s{{.Status}}$s{{.Ports}}$s{{.Image}}"
  lines=$(
    docker ps "$@" --filter "label=$LABEL.role=server" --format "$format" &&
      docker ps "$@" --filter "label=$LABEL.role=wrapper" --format "$format" &&
      docker ps "$@" --filter "ancestor=${KESTRA_IMAGE:-kestra/kestra:latest}" --format "$format"
  ) || fail "$EXIT_DOCKER" 'docker ps failed; its own words are above' 'docker ps'
  while IFS=$s read -r id name role of folder rest; do
    [[ -n $id && $seen != *" $id "* ]] || continue
    seen+="$id "
    printf '%s\n' "$(kind_of "$role" "$of" "$folder")$s$id$s$name$s$rest"
  done <<<"$lines" | sort
}

kind_of() {
  local folder
  if [[ $1 == wrapper && $2 == "$root" ]]; then
    printf '2-wrapper'
  elif [[ $1 == server ]] && folder=$(cd -P -- "${3:-/nowhere}" 2>/dev/null && pwd) &&
    [[ $folder/ == "$root"/* ]]; then
    printf '1-stack'
  else
    printf '3-other'
  fi
}

# matches ID NAME WANTED: whether a person's word, a name or the beginning of an ID, means it.
matches() {
  [[ $2 == "$3" ]] || [[ ${#3} -ge 4 && $1 == "${3:0:12}"* ]]
}
