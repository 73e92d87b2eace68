#!/usr/bin/env bash
# >>> kestra-tasks:stacks 7c8c4674
KESTRA_STACK=("$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../tools/kestra/scripts/stack.sh" --for "$*")
[[ -x ${KESTRA_STACK[0]} ]] || KESTRA_STACK=(:)
# <<< kestra-tasks:stacks
here=$(dirname "$0")/../../tools/compose
# >>> kestra-tasks:stacks-phase fff33d57
"${KESTRA_STACK[@]}" stop
# <<< kestra-tasks:stacks-phase
docker compose -f "$here/docker-compose.apps.yml" stop
docker compose -f "$here/docker-compose.data.yml" stop
docker compose -f "$here/docker-compose.infra.yml" stop