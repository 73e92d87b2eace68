@echo off
docker compose -f "tools\composição de serviços\docker-compose.tools.yml" up -d
