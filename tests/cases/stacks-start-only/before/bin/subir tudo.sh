#!/usr/bin/env bash
# Sobe tudo.
cd "$(dirname "$0")/.."
docker compose -f dados.yml up -d
tools/kestra/scripts/stack.sh start
