#!/bin/sh
set -eu
cd "$(dirname "$0")/../../tools/compose"
for phase in data apps; do
  docker compose -f "docker-compose.$phase.yml" up -d
done
