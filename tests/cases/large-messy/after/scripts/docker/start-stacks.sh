#!/usr/bin/env bash
# ==============================================================================
# Sobe as stacks do TradingSystem em fases.
# Uso: start-stacks.sh [--phase gateway|data|docs|tools|apps|monitoring] [--build] [--dry-run]
# ==============================================================================
set -uo pipefail      # sem -e de propósito: uma stack quebrada não derruba as outras
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

SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT_DIR="$(cd "$SCRIPT_DIR/../.." && pwd)"
COMPOSE_DIR="$ROOT_DIR/tools/compose"
# shellcheck source=../lib/common.sh
source "$ROOT_DIR/scripts/lib/common.sh"

PHASE="all"
BUILD=""
DRY_RUN=0
FAILED=()

usage() {
    sed -n '2,5p' "$0"
}

while [[ $# -gt 0 ]]; do
    case "$1" in
        --phase) PHASE="${2:?--phase precisa de um valor}"; shift 2 ;;
        --phase=*) PHASE="${1#*=}"; shift ;;
        --build) BUILD="--build"; shift ;;
        --dry-run) DRY_RUN=1; shift ;;
        -h|--help) usage; exit 0 ;;
        *) log_error "opção desconhecida: $1"; usage; exit 2 ;;
    esac
done

ensure_network() {
    local net
    for net in tradingsystem_backend tradingsystem_frontend; do
        docker network inspect "$net" >/dev/null 2>&1 || docker network create "$net" >/dev/null
    done
}

up_stack() {
    local nome="$1" arquivo="$2"; shift 2
    log_info "Subindo stack: $nome"
    if [[ $DRY_RUN -eq 1 ]]; then
        echo "docker compose --env-file $ROOT_DIR/.env -f $COMPOSE_DIR/$arquivo up -d $BUILD $*"
        return 0
    fi
    if ! docker compose --env-file "$ROOT_DIR/.env" -f "$COMPOSE_DIR/$arquivo" up -d $BUILD "$@"; then
        log_error "falhou: $nome"
        FAILED+=("$nome")
    fi
}

phase_gateway()    { up_stack "gateway" docker-compose.0-gateway-stack.yml; }
phase_data()       { up_stack "data" docker-compose.3-data-stack.yml; up_stack "redis" docker-compose.5-redis-stack.yml; }
phase_docs()       { up_stack "docs" docker-compose.2-docs-stack.yml; }
phase_tools() {
    # LangGraph depende do Timescale
    up_stack "tools" docker-compose.tools.yml
    if [[ "${SKIP_N8N_AUTO_START:-0}" != "1" ]]; then
        up_stack "n8n" docker-compose.4-3-n8n-stack.yml
    fi
}
phase_apps()       { up_stack "tp-capital" docker-compose.5-2-tp-capital-stack.yml; up_stack "workspace" docker-compose.5-3-workspace-stack.yml; }
phase_monitoring() { up_stack "monitoring" docker-compose.6-1-monitoring-stack.yml; }

main() {
    require_cmd docker
    [[ $DRY_RUN -eq 1 ]] || ensure_network

    case "$PHASE" in
        all)
            phase_gateway; phase_data; phase_docs; phase_tools; phase_apps; phase_monitoring ;;
        gateway|data|docs|tools|apps|monitoring)
            "phase_$PHASE" ;;
        *)
            log_error "fase desconhecida: $PHASE"; usage; exit 2 ;;
    esac

    if (( ${#FAILED[@]} )); then
        log_warn "stacks com falha: ${FAILED[*]}"
        exit 1
    fi
    log_info "Pronto."
}

main "$@"
