#!/usr/bin/env bash
# Everything in one loop.
# >>> kestra-tasks:stacks 7c8c4674
KESTRA_STACK=("$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../tools/kestra/scripts/stack.sh" --for "$*")
[[ -x ${KESTRA_STACK[0]} ]] || KESTRA_STACK=(:)
# <<< kestra-tasks:stacks
here=$(dirname "$0")/../../tools/compose
PHASES="infra data apps"
# >>> kestra-tasks:stacks-order 3689b75f
PHASES="tools $PHASES"
# <<< kestra-tasks:stacks-order
if [ "$1" = --phase ]; then PHASES=$2; fi
docker network create tradingsystem_backend 2>/dev/null

for p in $PHASES; do
    case $p in
        # >>> kestra-tasks:stacks-phase bb742883
        tools) "${KESTRA_STACK[@]}" start || exit; continue ;;
        # <<< kestra-tasks:stacks-phase
        infra) docker compose -f "$here/docker-compose.infra.yml" up -d || exit 1;;
        data)  docker compose -f "$here/docker-compose.data.yml" up -d || exit 1
               ;;
        apps)  docker compose -f "$here/docker-compose.apps.yml" up -d || exit 1;;
        (*)    echo "no such phase: $p"; exit 2;;
    esac
    echo "$p is up"
done