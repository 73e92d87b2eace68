#!/usr/bin/env bash
set -euo pipefail

# Usage: just run it.
cd "$(dirname "${BASH_SOURCE[0]}")"/../../tools/compose

up() {
  echo "starting $1"
  docker compose -f "docker-compose.$2.yml" up -d
}

if [[ -f ../../.freeze ]]; then
  echo "frozen; nothing was started" >&2
  exit 0
fi

docker network inspect tradingsystem_backend &>/dev/null ||
  docker network create tradingsystem_backend

# The databases first.
up Databases data
up Applications \
  apps
