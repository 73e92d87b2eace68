#!/usr/bin/env bash
# kestra-tasks:managed e2268ba3
# Stop the monorepo's stacks in the opposite order; containers and data stay.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd -P -- "$here/../.." && pwd)
start_script="$root/scripts/docker/start-stacks.sh"
folder="$root/tools/compose"
stack_file="$root/tools/compose/docker-compose.tools.yml"
stack_script="$root/tools/kestra/scripts/stack.sh"

usage() {
  cat <<'END'
Usage: stop-stacks.sh [--phase NAME]... [--list] [--help]

Stop all phases, or those given; phases are those of start-stacks.sh. A phase that can't be stopped
doesn't keep the others from being stopped. Kestra gets its time to end running tasks, and what
run.sh started is stopped too. What belongs to other monorepos stays.

Exit codes: 0 stopped; 1 usage; 5 a phase couldn't be stopped.
END
}

say() {
  printf '%s\n' "$*" >&2
}

known=$("$start_script" --list)
chosen=()
while (($#)); do
  case $1 in
    --phase=*) set -- --phase "${1#*=}" "${@:2}" ;;
  esac
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --list)
      [[ -z $known ]] || printf '%s\n' "$known"
      exit 0
      ;;
    --phase)
      if [[ -z ${2:-} ]] || ! grep -qxF -- "$2" <<<"$known"; then
        say "error: there is no phase '${2:-}'; phases are: ${known//$'\n'/, }"
        exit 1
      fi
      chosen+=("$2")
      shift
      ;;
    *)
      say "error: unknown argument $1"
      say "  -> ${0##*/} --help"
      exit 1
      ;;
  esac
  shift
done
if ((${#chosen[@]} == 0)); then
  while IFS= read -r phase; do
    [[ -z $phase ]] || chosen=("$phase" ${chosen[@]+"${chosen[@]}"})
  done <<<"$known"
fi

failed=0
for phase in ${chosen[@]+"${chosen[@]}"}; do
  say "stopping phase $phase"
  if [[ $phase == 'tools' ]]; then
    "$stack_script" stop || failed=5
    docker compose -f "$stack_file" stop || failed=5
  else
    docker compose -f "$folder/docker-compose.$phase.yml" stop || failed=5
  fi
done
((failed == 0)) || say 'error: not everything could be stopped; docker'\''s own words are above'
exit "$failed"
