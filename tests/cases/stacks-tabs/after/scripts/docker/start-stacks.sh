#!/bin/bash
set -e
# >>> kestra-tasks:stacks 2e14e6ac
KESTRA_STACK=("$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../tools/kestra/scripts/stack.sh" --for "$*")
# Kestra starts after the other services of docker-compose.tools.yml; a busy port and
# SKIP_KESTRA_AUTO_START=1 leave only Kestra out.
if [[ -x ${KESTRA_STACK[0]} ]] && type -P docker >/dev/null; then
  docker() {
    if [[ ${1-} == compose ]]; then
      "${KESTRA_STACK[@]}" "$@"
    else
      command docker "$@"
    fi
  }
fi
# <<< kestra-tasks:stacks

cd "$(dirname "$0")/../.."
readonly ORDER=(infra data tools apps)
compose=(docker compose)
[[ -z ${COMPOSE_PROJECT:-} ]] || compose+=(-p "$COMPOSE_PROJECT")

function start {
	local file="tools/compose/docker-compose.$1.yml"
	"${compose[@]}" -f "$file" up -d --wait
}

if (($# > 0)); then
	[[ $1 != --phase ]] || shift
	for phase; do
		start "$phase"
	done
else
	for phase in "${ORDER[@]}"; do
		start "$phase"
	done
fi
