#!/bin/bash
# Short stand-in for the old checker: prints the payload that the dashboard expects.

set -euo pipefail

FORMAT=json
STATUS=healthy

while [[ $# -gt 0 ]]; do
  case "$1" in
    --format) FORMAT="${2:-json}"; shift 2 ;;
    --status) STATUS="${2:-healthy}"; shift 2 ;;
    *) shift ;;
  esac
done

if [[ "$FORMAT" != json ]]; then
  echo "overallHealth=$STATUS"
  exit 0
fi

cat <<JSON
{
  "success": true,
  "overallHealth": "$STATUS",
  "timestamp": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "localServices": [],
  "dockerContainers": [],
  "databases": [],
  "summary": {
    "allOk": $([[ $STATUS == healthy ]] && echo true || echo false),
    "servicesChecked": 0,
    "containersChecked": 0,
    "databasesChecked": 0
  },
  "remediation": []
}
JSON
