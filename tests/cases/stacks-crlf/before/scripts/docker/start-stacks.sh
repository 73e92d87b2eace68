#!/usr/bin/env bash
# Everything in one loop.
here=$(dirname "$0")/../../tools/compose
PHASES="infra data apps"
if [ "$1" = --phase ]; then PHASES=$2; fi
docker network create tradingsystem_backend 2>/dev/null

for p in $PHASES; do
    case $p in
        infra) docker compose -f "$here/docker-compose.infra.yml" up -d || exit 1;;
        data)  docker compose -f "$here/docker-compose.data.yml" up -d || exit 1
               ;;
        apps)  docker compose -f "$here/docker-compose.apps.yml" up -d || exit 1;;
        (*)    echo "no such phase: $p"; exit 2;;
    esac
    echo "$p is up"
done