#!/bin/sh
# Puts the configuration that comes in KESTRA_CONFIGURATION where the server reads it. As with the official
# image the value goes through a shell's echo, which interprets backslashes: keep secrets out of it and
# write ${NAME} in their place.
set -e

if [ -n "${KESTRA_CONFIGURATION:-}" ]; then
  echo "${KESTRA_CONFIGURATION}" >"${KESTRA_CONFIGURATION_PATH}"
fi

exec /app/kestra "$@"
