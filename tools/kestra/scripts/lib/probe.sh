# shellcheck shell=bash
# kestra-tasks:managed 2813476d
# Asking a health address, and JSON without more than bash and awk. health.sh and the monorepo's
# health check of all services share it; `here` is the folder of Kestra's scripts.
# shellcheck disable=SC2034,SC2154 # the variables are for those that source this

# json_values: JSON on stdin as lines of path, type and text, between tabs.
json_values() {
  LC_ALL=C awk -f "$here/lib/json.awk" -f "$here/lib/values.awk"
}

# quoted TEXT: as a JSON string.
quoted() {
  local text=$1 code char
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  if [[ $text == *[$'\x01'-$'\x1f']* ]]; then
    for ((code = 1; code < 32; code++)); do
      printf -v char '%b' "\\x$(printf '%x' "$code")"
      text=${text//"$char"/ }
    done
  fi
  printf '"%s"' "$text"
}

# ask URL SECONDS: one GET. Sets `code` (000 without an answer), `word` (the body's own "status", in
# capitals, or nothing) and `body`.
ask() {
  local url=$1 limit=$2 answer
  code=000 word='' body=''
  if command -v curl >/dev/null; then
    {
      answer=$(curl -q -sS --noproxy 'localhost,127.0.0.1,::1' --max-time "$limit" \
        --max-filesize 1000000 -w '\n%{http_code}' -- "$url") || true
    } 2>/dev/null
    code=${answer##*$'\n'} body=${answer%$'\n'*}
  elif [[ $url =~ ^http://([A-Za-z0-9.-]+)(:([0-9]+))?(/.*)?$ ]]; then
    # shellcheck disable=SC2016 # the inner bash expands them
    answer=$(timeout "$limit" bash -c '
      exec 3<>"/dev/tcp/$1/$2" || exit 1
      printf "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n" "$3" "$1" >&3
      cat <&3' bash "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]:-80}" "${BASH_REMATCH[4]:-/}" 2>/dev/null) || true
    if [[ $answer =~ ^HTTP/[0-9.]+\ ([0-9]{3}) ]]; then
      code=${BASH_REMATCH[1]} body=$answer
    fi
  fi
  [[ $code =~ ^[0-9]{3}$ ]] || code=000
  if [[ $body =~ \"status\"[[:space:]]*:[[:space:]]*\"([A-Za-z][A-Za-z_ -]{0,23})\" ]]; then
    word=${BASH_REMATCH[1]^^}
  fi
}

# verdict CODE WORD: up, degraded or down.
verdict() {
  case $1:$2 in
    *:DOWN | *:FAIL | *:FAILED | *:ERROR | *:UNHEALTHY | *:CRITICAL | *:OUT_OF_SERVICE) printf down ;;
    000:* | 5*) printf down ;;
    *:DEGRADED | *:WARN | *:WARNING) printf degraded ;;
    2* | 3* | 401:* | 403:*) printf up ;;
    *) printf degraded ;;
  esac
}
