#!/usr/bin/env bash
# kestra-tasks:managed 46a2977c
# List the Kestra containers of this machine.
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=SCRIPTDIR/lib/common.sh disable=SC1091
. "$here/lib/common.sh"

usage() {
  cat <<'END'
Usage: status.sh [--help]

List the Kestra containers that run on this machine, one a line:
  stack    the service of the Compose stack
  wrapper  started by run.sh
  other    another monorepo's, or started by hand from the same image
This monorepo's own that are stopped are named below the table.

Exit codes: 0 listed, or none runs; 1 usage; 3 no Docker engine; 5 docker failed.
END
}

row() {
  printf "%-12s  %-${width}s  %-7s  %-${states}s  %s\n" "$@"
}

case ${1:-} in
  '') ;;
  -h | --help)
    usage
    exit 0
    ;;
  *) usage_error "status.sh takes no argument such as $1" ;;
esac

read_env KESTRA_IMAGE KESTRA_CONTAINER_NAME
need_docker
running=$(containers)
stopped=$(containers --filter status=created --filter status=exited --filter status=dead)

width=4 states=6
while IFS=$'\x1f' read -r _ _ name state _; do
  ((${#name} <= width)) || width=${#name}
  ((${#state} <= states)) || states=${#state}
done <<<"$running"

row 'CONTAINER ID' NAME KIND STATUS PORTS
if [[ -z $running ]]; then
  printf 'No Kestra container is running.\n'
  say "  -> $(compose up -d kestra)"
  say "  -> $(script run.sh) --detach"
else
  while IFS=$'\x1f' read -r kind id name state ports _; do
    row "$id" "$name" "${kind#*-}" "$state" "$ports"
  done <<<"$running"
fi
if [[ -n $stopped ]]; then
  while IFS=$'\x1f' read -r kind _ name state _; do
    [[ $kind == 3-other ]] || say "stopped: $name (${kind#*-}), $state; its last words: docker logs --tail 50 $name"
  done <<<"$stopped"
fi
