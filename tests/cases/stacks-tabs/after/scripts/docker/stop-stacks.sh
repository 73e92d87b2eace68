#!/bin/bash
set -e
# >>> kestra-tasks:stacks db16d4fe
KESTRA_STACK=("$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../tools/kestra/scripts/stack.sh" --for "$*")
# Kestra stops before the other services of docker-compose.tools.yml, in its own time.
if [[ -x ${KESTRA_STACK[0]} ]] && type -P docker >/dev/null; then
  docker() {
    if [[ ${1-} == compose ]]; then
      "${KESTRA_STACK[@]}" "$@"
    else
      command docker "$@"
    fi
  }
fi
# <<< kestra-tasks:stacks

cd "$(dirname "$0")/../.."
for file in $(ls -r tools/compose/docker-compose.*.yml); do
	docker compose -f "$file" down
done
