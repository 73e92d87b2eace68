#!/usr/bin/env bash
DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose" && pwd)"
stop() { docker compose -f "$DIR/docker-compose.$1.yml" stop; }
stop apps; stop data
