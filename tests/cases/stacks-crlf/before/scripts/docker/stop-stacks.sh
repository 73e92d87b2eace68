#!/usr/bin/env bash
here=$(dirname "$0")/../../tools/compose
docker compose -f "$here/docker-compose.apps.yml" stop
docker compose -f "$here/docker-compose.data.yml" stop
docker compose -f "$here/docker-compose.infra.yml" stop