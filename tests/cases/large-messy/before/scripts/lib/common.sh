#!/usr/bin/env bash
# Funções comuns. Carregar com: source "$(dirname "$0")/../lib/common.sh"
RED=$'\033[0;31m'; GREEN=$'\033[0;32m'; YELLOW=$'\033[1;33m'; NC=$'\033[0m'

log_info()    { echo -e "${GREEN}[INFO]${NC} $*"; }
log_warn()    { echo -e "${YELLOW}[AVISO]${NC} $*"; }
log_error()   { echo -e "${RED}[ERRO]${NC} $*" >&2; }

require_cmd() {
  command -v "$1" >/dev/null 2>&1 || { log_error "comando ausente: $1"; exit 127; }
}
