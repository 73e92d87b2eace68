#!/bin/bash

# No options: a list for people.
GREEN='\033[0;32m'
RED='\033[0;31m'
NC='\033[0m'
failed=0

check() {
    if eval "$2" > /dev/null 2>&1; then
        echo -e "${GREEN}✔${NC} $1"
    else
        echo -e "${RED}✘${NC} $1"
        failed=$((failed + 1))
    fi
}

echo "=== Verificando serviços ==="
check "Redis" "docker ps --format '{{.Names}}' | grep -qx cache-redis"
check "Workspace" "curl -fsS http://localhost:3200/health"
check "TP Capital" "curl -fsS http://localhost:4005/health"
echo "Falhas: $failed"
exit $((failed > 0))
