#!/usr/bin/env bash
# kestra-tasks:managed 421ff481
# Stop Kestra containers and say so for each.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=SCRIPTDIR/lib/common.sh disable=SC1091
. "$here/lib/common.sh"

usage() {
  cat <<END
Usage: stop.sh [--time SECONDS] [--all | NAME|ID...]

Stop the containers that this monorepo's run.sh started; each ID is confirmed. The data stay.

  NAME|ID         stop only these
  --all           the stack's own Kestra as well (its database goes on)
  --time SECONDS  how long running tasks may take to end (default: $GRACE); what is killed
                  earlier leaves its executions RUNNING
  --help          this text

Containers of other monorepos, or started by hand, are stopped only by name.

Exit codes: 0 stopped, or nothing to stop; 1 usage; 3 no such container, the stack's own without
--all, or no Docker engine; 5 docker failed.
END
}

all=no
names=()
while (($#)); do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --all) all=yes ;;
    --time=*) GRACE=${1#*=} ;;
    --time)
      (($# > 1)) || usage_error "$1 needs a value"
      GRACE=$2
      shift
      ;;
    -*) usage_error "unknown option $1" ;;
    *) names+=("$1") ;;
  esac
  shift
done
[[ $GRACE =~ ^[0-9]+$ ]] || usage_error "--time takes seconds, not $GRACE"
[[ $all == no || ${#names[@]} == 0 ]] || usage_error 'give names, or --all, not both'

read_env KESTRA_IMAGE KESTRA_CONTAINER_NAME
need_docker
list=$(containers --filter status=created --filter status=running --filter status=paused \
  --filter status=restarting)

chosen=()
choose() { # choose KIND ID NAME
  chosen+=("$1 $2 $3")
}

by_name() {
  local wanted=$1 kind id name
  while IFS=$'\x1f' read -r kind id name _; do
    [[ -n $id ]] || continue
    if matches "$id" "$name" "$wanted"; then
      [[ $kind != 1-stack ]] ||
        fail "$EXIT_PRECONDITION" "$name is the stack's own server; nothing was stopped" \
          "$(compose stop kestra)" "$(script stop.sh) --all"
      choose "$kind" "$id" "$name"
      return
    fi
  done <<<"$list"
  fail "$EXIT_PRECONDITION" "no running Kestra container is called $wanted; nothing was stopped" \
    "$(script status.sh)"
}

by_kind() {
  local kind id name
  while IFS=$'\x1f' read -r kind id name _; do
    case $kind in
      1-stack)
        if [[ $all == yes ]]; then
          say "--all: the stack's own server $name is stopped too; to start it: $(compose up -d kestra)"
          choose "$kind" "$id" "$name"
        else
          say "left running: $name, the stack's own ($(compose stop kestra), or --all)"
        fi
        ;;
      2-wrapper) choose "$kind" "$id" "$name" ;;
      3-other) say "left running: $name, not of this monorepo (stop.sh $name)" ;;
    esac
  done <<<"$list"
}

# A container that begins to start may drop the one signal that `docker stop` sends: repeat it.
stop_one() {
  local child seconds=0
  docker stop -t "$GRACE" "$1" >/dev/null &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    ((seconds % 5)) || docker kill --signal TERM "$1" >/dev/null 2>&1 || :
  done
  wait "$child"
}

# A container that was started with --rm goes a moment after it stopped.
gone() {
  local i
  for ((i = 0; i < 100; i++)); do
    docker container inspect "$1" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  return 1
}

if ((${#names[@]})); then
  for name in "${names[@]}"; do
    by_name "$name"
  done
else
  by_kind
fi
if ((${#chosen[@]} == 0)); then
  printf 'Nothing to stop: run.sh started no container that still runs.\n'
  exit 0
fi

failed=0
for entry in "${chosen[@]}"; do
  read -r kind id name <<<"$entry"
  say "stopping $id ($name); running tasks get up to $GRACE s"
  if ! stop_one "$id"; then
    say "error: $id ($name) couldn't be stopped; docker's own words are above"
    failed=1
  elif [[ $kind == 2-wrapper ]] && ! gone "$id"; then
    say "error: $id ($name) is stopped but wasn't removed"
    failed=1
  else
    printf 'stopped %s (%s)\n' "$id" "$name"
  fi
done
((failed == 0)) || fail "$EXIT_DOCKER" 'not all could be stopped' "$(script status.sh)"
