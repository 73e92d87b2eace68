#!/bin/bash
set -e

cd "$(dirname "$0")/../.."
readonly ORDER=(infra data tools apps)
compose=(docker compose)
[[ -z ${COMPOSE_PROJECT:-} ]] || compose+=(-p "$COMPOSE_PROJECT")

function start {
	local file="tools/compose/docker-compose.$1.yml"
	"${compose[@]}" -f "$file" up -d --wait
}

if (($# > 0)); then
	[[ $1 != --phase ]] || shift
	for phase; do
		start "$phase"
	done
else
	for phase in "${ORDER[@]}"; do
		start "$phase"
	done
fi
