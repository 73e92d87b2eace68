#!/usr/bin/env bash
# kestra-tasks:managed 9f460bb1
# Start the monorepo's stacks, one phase after the other.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd -P -- "$here/../.." && pwd)
folder="$root/tools/compose"
stack_file="$root/tools/compose/docker-compose.tools.yml"
stack_script="$root/tools/kestra/scripts/stack.sh"

usage() {
  cat <<'END'
Usage: start-stacks.sh [--phase NAME]... [--list] [--help]

A phase is a file docker-compose.NAME.yml in tools/compose; tools is
tools/compose/docker-compose.tools.yml. All are started in the order of --list, or those of
--phase in the order given; the first that fails ends it.

tools starts its own services and then Kestra. SKIP_KESTRA_AUTO_START=1 (or
SKIP_Kestra_AUTO_START=1) leaves Kestra out. Where one of Kestra's ports is taken, Kestra alone is
left out: everything else is started, and the exit code is 3.

Exit codes: 0 started; 1 usage; 3 Kestra is left out, or there is nothing to start it with; 5 a
phase failed, and none behind it was started.
END
}

say() {
  printf '%s\n' "$*" >&2
}

phases() {
  local LC_ALL=C file name
  for file in "$folder"/docker-compose.*.yml; do
    name=${file##*/docker-compose.}
    [[ ! -f $file || $file -ef $stack_file || $name == 'tools.yml' ]] || printf '%s\n' "${name%.yml}"
  done
  [[ ! -f $stack_file ]] || printf '%s\n' 'tools'
}

file_of() {
  if [[ $1 == 'tools' ]]; then
    printf '%s' "$stack_file"
  else
    printf '%s' "$folder/docker-compose.$1.yml"
  fi
}

known=$(phases)
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
    [[ -z $phase ]] || chosen+=("$phase")
  done <<<"$known"
fi
if ((${#chosen[@]} == 0)); then
  say "error: there is no compose file in $folder"
  say '  -> inv kestra.integrate'
  exit 3
fi

"$stack_script" network

left_out=0
for phase in "${chosen[@]}"; do
  say "phase $phase"
  code=0
  if [[ $phase == 'tools' ]]; then
    "$stack_script" start --with-others || code=$?
  else
    docker compose -f "$(file_of "$phase")" up -d || code=5
  fi
  case $code in
    0) ;;
    3) left_out=3 ;;
    *)
      say "error: phase $phase failed; its own words are above"
      exit 5
      ;;
  esac
done
exit "$left_out"
