#!/usr/bin/env bash
set -Eeuo pipefail
trap 'echo "failed at line $LINENO" >&2' ERR

root=$(git rev-parse --show-toplevel 2>/dev/null || (cd "$(dirname "$0")/../.." && pwd))

declare -a PHASES=(
  "infra"
  "data"
  "apps"
)

compose_file_of() {
  case "${1}" in
    "infra" | "base") echo "docker-compose.infra.yml" ;;
    "data") echo "docker-compose.data.yml" ;;
    "apps") echo "docker-compose.apps.yml" ;;
    *) return 1 ;;
  esac
}

title_of() {
  case "$1" in
    infra) printf '%s\n' 'Infrastructure' ;;
    data) printf '%s\n' 'Data' ;;
    apps) printf '%s\n' 'Applications' ;;
    *)
      echo "no title for $1" >&2
      exit 70
      ;;
  esac
}

check_freeze() {
  [[ ! -e $root/.freeze ]]
}

start_stack() {
  local name="$1"
  local file
  check_freeze || return 9
  file="$(compose_file_of "$name")"
  docker compose --project-name "acme-$name" -f "$root/tools/compose/$file" up --detach
}

wanted=()
while (($#)); do
  case "$1" in
    --phase=*) wanted+=("${1#*=}") ;;
    --phase) shift; wanted+=("$1") ;;
    *) echo "usage: $0 [--phase NAME]" >&2; exit 2 ;;
  esac
  shift
done
((${#wanted[@]})) || wanted=("${PHASES[@]}")

for name in "${wanted[@]}"; do
  [[ " ${PHASES[*]} " == *" $name "* ]] || { echo "not a phase: $name" >&2; exit 2; }
done
for name in "${wanted[@]}"; do
  title_of "$name"
  start_stack "$name" || exit 1
done
