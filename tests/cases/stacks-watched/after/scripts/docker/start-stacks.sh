#!/usr/bin/env bash
# =====================================================================
# Sobe as stacks em fases: start-stacks.sh [--phase all|data|tools|apps]
# =====================================================================
set -uo pipefail      # sem -e: uma stack quebrada não derruba as outras
# >>> kestra-tasks:stacks 2e14e6ac
KESTRA_STACK=("$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../tools/kestra/scripts/stack.sh" --for "$*")
# Kestra starts after the other services of docker-compose.tools.yml; a busy port and
# SKIP_KESTRA_AUTO_START=1 leave only Kestra out.
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

ROOT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
COMPOSE_DIR="$ROOT_DIR/tools/compose"
PHASE="all"
DRY_RUN=0
FAILED=()

usage() {
    sed -n '2,4p' "$0"
}

while [[ $# -gt 0 ]]; do
    case "$1" in
        --phase) PHASE="${2:?--phase precisa de um valor}"; shift 2 ;;
        --phase=*) PHASE="${1#*=}"; shift ;;
        --dry-run) DRY_RUN=1; shift ;;
        -h|--help) usage; exit 0 ;;
        *) echo "opção desconhecida: $1" >&2; usage; exit 2 ;;
    esac
done

up_stack() {
    local nome="$1" arquivo="$2"; shift 2
    echo "Subindo stack: $nome"
    if [[ $DRY_RUN -eq 1 ]]; then
        echo "docker compose -f $COMPOSE_DIR/$arquivo up -d $*"
        return 0
    fi
    if ! docker compose --env-file "$ROOT_DIR/.env" -f "$COMPOSE_DIR/$arquivo" up -d "$@"; then
        echo "falhou: $nome" >&2
        FAILED+=("$nome")
    fi
}

phase_data()  { up_stack "data" docker-compose.data.yml; up_stack "redis" docker-compose.cache.yml; }
phase_tools() {
    # LangGraph depende do Timescale
    up_stack "tools" docker-compose.tools.yml
    if [[ "${SKIP_N8N_AUTO_START:-0}" != "1" ]]; then
        up_stack "n8n" docker-compose.n8n.yml
    fi
}
phase_apps()  { up_stack "apps" docker-compose.apps.yml; }

main() {
    command -v docker >/dev/null || { echo "docker ausente" >&2; exit 127; }
    case "$PHASE" in
        all)
            phase_data; phase_tools; phase_apps ;;
        data|tools|apps)
            "phase_$PHASE" ;;
        *)
            echo "fase desconhecida: $PHASE" >&2; usage; exit 2 ;;
    esac
    if (( ${#FAILED[@]} )); then
        echo "stacks com falha: ${FAILED[*]}" >&2
        exit 1
    fi
    cat <<FIM
Pronto. "Aspas, e um case sem fim: case x in
FIM
}

main "$@"
