#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose"
declare -A FILES=([infra]=docker-compose.infra.yml [data]=docker-compose.data.yml)
for phase in "${!FILES[@]}"; do
  [[ -z ${1:-} || $1 == "$phase" ]] || continue
  docker compose -f "${FILES[$phase]}" stop
done
