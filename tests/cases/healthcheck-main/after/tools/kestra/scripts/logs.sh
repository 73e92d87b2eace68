#!/usr/bin/env bash
# kestra-tasks:managed c8264eeb
# Follow the logs of a Kestra container.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=SCRIPTDIR/lib/common.sh disable=SC1091
. "$here/lib/common.sh"

usage() {
  cat <<'END'
Usage: logs.sh [--tail N] [--since TIME] [--no-follow] [NAME|ID]

Follow the logs of the first Kestra container that runs: the stack's, else one that run.sh
started, else another. Give a name or an ID to choose; a stopped container may be named too.

  --tail N      begin N lines before the end (default: 200; "all" for everything)
  --since TIME  begin at a time (2025-01-31T10:00:00) or so long ago (15m, 2h)
  --no-follow   print and end
  --help        this text

Exit codes: 0 done; 1 usage; 3 no such container, or no Docker engine; 5 docker failed.
END
}

follow=(--follow)
tail=200
since=''
wanted=''
while (($#)); do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --no-follow) follow=(--follow=false) ;;
    --tail=*) tail=${1#*=} ;;
    --since=*) since=${1#*=} ;;
    --tail | --since)
      (($# > 1)) || usage_error "$1 needs a value"
      printf -v "${1#--}" '%s' "$2"
      shift
      ;;
    -*) usage_error "unknown option $1" ;;
    *)
      [[ -z $wanted ]] || usage_error 'give one container'
      wanted=$1
      ;;
  esac
  shift
done
[[ $tail == all || $tail =~ ^[0-9]+$ ]] || usage_error "--tail takes a number or all, not $tail"

read_env KESTRA_IMAGE KESTRA_CONTAINER_NAME
need_docker
found=''
others=''
if [[ -n $wanted ]]; then
  list=$(containers --all)
else
  list=$(containers)
fi
while IFS=$'\x1f' read -r _ id name state _; do
  if [[ -z $id ]] || { [[ -n $wanted ]] && ! matches "$id" "$name" "$wanted"; }; then
    continue
  elif [[ -z $found ]]; then
    found=$id
    what="$name ($state)"
    [[ $state == Up* ]] || follow=(--follow=false)
  else
    others+=" $name"
  fi
done <<<"$list"

if [[ -z $found && -n $wanted ]]; then
  fail "$EXIT_PRECONDITION" "no Kestra container is called $wanted" "$(script status.sh)"
elif [[ -z $found ]]; then
  fail "$EXIT_PRECONDITION" 'no Kestra container is running, so there are no logs to follow' \
    "$(compose up -d kestra)" "$(script run.sh) --detach"
fi
say "logs of $what; Ctrl-C ends them, the server goes on"
[[ -z $others ]] || say "also there:$others (logs.sh NAME)"
[[ -z $since ]] || follow+=(--since "$since")
exec docker logs "${follow[@]}" --tail "$tail" "$found"
