#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tools/compose"
declare -A FILES=(
  [infra]=docker-compose.infra.yml
  [data]=docker-compose.data.yml
  [apps]=docker-compose.apps.yml
)
want=${2:-}
for phase in "${!FILES[@]}"; do
  [[ -z $want || $want == "$phase" ]] || continue
  docker compose -f "${FILES[$phase]}" up -d
done
