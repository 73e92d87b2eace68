#!/usr/bin/env bash
# kestra-tasks:managed 6e54aa78
# Check the services of this monorepo's manifest: what each answers, and its container.
# shellcheck disable=SC2154 # common.sh and probe.sh set root, word and more
set -euo pipefail

here=$(cd -P -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../kestra/scripts" && pwd) || {
  printf 'error: ops/kestra/scripts is missing\n  -> inv kestra.scaffold\n' >&2
  exit 3
}
# shellcheck source=SCRIPTDIR/lib/common.sh disable=SC1091
. "$here/lib/common.sh"
# shellcheck source=SCRIPTDIR/lib/probe.sh disable=SC1091
. "$here/lib/probe.sh"

EXIT_UNHEALTHY=4
KESTRA=kestra-orchestrator
manifest="$root/config/services-manifest.json"

usage() {
  cat <<'END'
Usage: health-check-all.sh [--services NAME[,NAME...]] [--format text|json] [--timeout SECONDS]

Check every service of config/services-manifest.json that has a health address: by HTTP, and its container by
`docker ps`. `kestra` means kestra-orchestrator.

  --services NAME,...  only these
  --format text|json   (default: text). JSON: {success, overallHealth, timestamp, localServices,
                       dockerContainers, databases, summary: {allOk, servicesChecked,
                       containersChecked, databasesChecked}, remediation}; success says that the
                       check could be made, overallHealth is healthy, degraded or unhealthy
  --timeout SECONDS    for each question (default: 5)
  --help               this text

Needs bash, awk and docker; curl where an address is https.
Exit codes: 0 all healthy; 1 usage; 3 no manifest; 4 not all healthy.
END
}

# --- the manifest ---------------------------------------------------------------------------------

declare -A entry=()
order=()

read_manifest() {
  local values path kind text key
  [[ -f $manifest ]] || fail "$EXIT_PRECONDITION" "there is no $manifest" 'inv kestra.manifest'
  values=$(json_values <"$manifest") ||
    fail "$EXIT_PRECONDITION" "$manifest isn't JSON" "python3 -m json.tool $(printf '%q' "$manifest")"
  local form='^(\.services)?(\[[0-9]+\]|\.[^.[]+)\.([A-Za-z_]+)(\.(url|endpoint))?$'
  while IFS=$'\t' read -r path kind text; do
    [[ $path =~ $form && ($kind == string || $kind == number) ]] || continue
    key=${BASH_REMATCH[2]}
    [[ " ${order[*]-} " == *" $key "* ]] || order+=("$key")
    case ${BASH_REMATCH[3]} in
      healthUrl | health_url | healthCheck | healthcheck | health_check | health)
        entry["$key.health"]=${text//\\\//\/}
        ;;
      container | containerName | container_name) entry["$key.container"]=$text ;;
      id | name | start | type | category | port) entry["$key.${BASH_REMATCH[3]}"]=$text ;;
    esac
  done <<<"$values"
}

ident() {
  # shellcheck disable=SC2031 # a field of that name, not a variable
  printf '%s' "${entry["$1.id"]:-${1#.}}"
}

choose() {
  local key name found
  chosen=()
  if [[ -z $services ]]; then
    for key in "${order[@]}"; do
      [[ -z ${entry["$key.health"]:-} ]] || chosen+=("$key")
    done
    return
  fi
  for name in ${services//,/ }; do
    found=''
    for key in "${order[@]}"; do
      case $(ident "$key"):$name in
        "$name:$name" | "$KESTRA:kestra" | "$KESTRA:tools-kestra") found=$key ;;
      esac
    done
    [[ -n $found ]] || fail "$EXIT_USAGE" "no service is called $name" \
      "services are: $(for key in "${order[@]}"; do printf '%s ' "$(ident "$key")"; done)"
    chosen+=("$found")
  done
}

# filled ADDRESS: with ${NAME:-default} replaced; only ports, hosts and addresses are.
filled() {
  local text=$1 out='' name value default
  local form='^([^$]*)\$\{([A-Z][A-Z0-9_]*)(:?-([^{}]*))?\}(.*)$'
  while [[ $text =~ $form ]]; do
    out+=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]} default=${BASH_REMATCH[4]} text=${BASH_REMATCH[5]}
    [[ $name =~ (^|_)(PORT|HOST|HOSTNAME|ADDRESS|DOMAIN|SCHEME|PROTOCOL|URL)$ &&
      ! $name =~ (PASS|SECRET|TOKEN|KEY|CREDENTIAL) ]] || return 1
    value=$(read_env "$name" 2>/dev/null && printf '%s' "${!name-}") || return 1
    value=${value:-$default}
    [[ $value =~ ^[A-Za-z0-9.:/_-]+$ ]] || return 1
    out+=$value
  done
  out+=$text
  [[ $out =~ ^/ && -n ${2:-} ]] && out=http://localhost:$2$out
  [[ $out =~ ^https?://[^[:space:]]+$ ]] && printf '%s' "$out"
}

# --- the checks: each writes lines of kind, JSON item, state, name, text, next command -------------

result() {
  local IFS=$'\x1f'
  printf '%s\n' "${*//$'\n'/ }"
}

check_service() {
  local key=$1 id url='' state message found
  id=$(ident "$key")
  if [[ $id == "$KESTRA" ]]; then
    check_kestra
    return
  fi
  if [[ -n ${entry["$key.health"]:-} ]]; then
    if url=$(filled "${entry["$key.health"]}" "${entry["$key.port"]:-}"); then
      ask "$url" "$limit"
      state=$(verdict "$code" "$word")
      message="$url answers $code${word:+, $word}"
      [[ $code != 000 ]] || message="$url gives no answer"
    else
      state=unknown message="its health address can't be used: ${entry["$key.health"]}"
    fi
    service_item "$id" "$state" "$url" "$message" "${entry["$key.start"]:-}" \
      "${entry["$key.type"]:-${entry["$key.category"]:-}}"
  fi
  found=$(check_container "$key" "$id")
  [[ -z $found ]] || printf '%s\n' "$found"
  # Asked for by name, it mustn't count as healthy unseen.
  [[ -n $found || -n ${entry["$key.health"]:-} ]] || service_item "$id" unknown '' \
    'the manifest gives it no health address, and no container has its name' '' ''
}

service_item() {
  local kind=services json
  case $6 in database | databases | db) kind=databases ;; esac
  json=$(printf '{"id":%s,"name":%s,"status":"%s","url":%s,"httpStatus":%d,"message":%s}' \
    "$(quoted "$1")" "$(quoted "$1")" "$2" "$(quoted "$3")" "$((10#$code))" "$(quoted "$4")")
  [[ $2 != up ]] || set -- "$1" "$2" "$3" "$4" ''
  result "$kind" "$json" "$2" "$1" "$4" "$5"
}

check_container() {
  local key=$1 id=$2 file='' service='' name status of files
  local form="^docker[- ]compose -f '?([^']+)'? up (-d )?([A-Za-z0-9._-]+)$"
  if [[ ${entry["$key.start"]:-} =~ $form ]]; then
    file=${BASH_REMATCH[1]} service=${BASH_REMATCH[3]}
  fi
  while IFS=$'\x1f' read -r name status of files; do
    [[ -n $name ]] || continue
    if [[ $name == "${entry["$key.container"]:-$id}" ]] ||
      [[ -n $service && $of == "$service" && ,$files, == *",$root/$file,"* ]]; then
      container_item "$name" "$status"
      return
    fi
  done <<<"$docker_list"
  [[ -n $service && $docker_works == yes ]] || return 0
  container_item "$id" 'not created' "${entry["$key.start"]}"
}

container_item() {
  local state=up health='' next=${3:-docker logs --tail 50 $1}
  case $2 in
    *'(healthy)'*) health=healthy ;;
    *'(unhealthy)'*) state=down health=unhealthy ;;
    *'(health: starting)'*) state=degraded health=starting ;;
    Up*) ;;
    *) state=down ;;
  esac
  [[ $state != up ]] || next=''
  result containers "$(printf '{"name":%s,"status":%s,"health":"%s"}' "$(quoted "$1")" \
    "$(quoted "$2")" "$health")" "$state" "$1" "$2" "$next"
}

check_kestra() {
  local line state message next name running url
  line=$("$BASH" -- "$here/health.sh" --porcelain --timeout "$limit" 2>/dev/null) || true
  IFS=$'\x1f' read -r state message next name running url code _ <<<"$line"
  code=${code:-000}
  service_item "$KESTRA" "${state:-unknown}" "$url" "${message:-Docker can\'t be asked}" "$next" ''
  [[ -z $running ]] || container_item "$name" "$running"
  check_database
}

# Kestra's own database, by the label that its container has.
check_database() {
  local name status folder
  while IFS=$'\x1f' read -r name status folder; do
    [[ -n $name && $folder/ == "$root"/* ]] || continue
    local line
    line=$(container_item "$name" "$status")
    printf 'databases%s\n' "${line#containers}"
  done < <(docker ps -a --filter "label=$LABEL.role=database" --format \
    $'{{.Names}}\x1f{{.Status}}\x1f{{.Label "com.docker.compose.project.working_dir"}}' 2>/dev/null)
}

# --- what was found -------------------------------------------------------------------------------

collect() {
  local kind json state name text next file
  for kind in services containers databases; do
    items[$kind]='' counts[$kind]=0
  done
  for file in "$folder"/*; do
    while IFS=$'\x1f' read -r kind json state name text next; do
      items[$kind]+=${items[$kind]:+,}$json
      counts[$kind]=$((counts[$kind] + 1))
      rows+=("$state"$'\x1f'"$kind"$'\x1f'"$name"$'\x1f'"$text")
      if [[ $state == up ]]; then
        good=$((good + 1))
      else
        bad=$((bad + 1))
        [[ -z $next ]] || {
          remedies+=("$name"$'\x1f'"$next")
          remediation+=${remediation:+,}$(printf '{"target":%s,"actions":[%s]}' \
            "$(quoted "$name")" "$(quoted "$next")")
        }
      fi
    done <"$file"
  done
}

as_json() {
  local ok=true
  [[ $overall == healthy ]] || ok=false
  printf '{"success":true,"overallHealth":"%s","timestamp":"%s",' "$overall" \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  printf '"localServices":[%s],"dockerContainers":[%s],"databases":[%s],' "${items[services]}" \
    "${items[containers]}" "${items[databases]}"
  printf '"summary":{"allOk":%s,"servicesChecked":%d,"containersChecked":%d,"databasesChecked":%d},' \
    "$ok" "${counts[services]}" "${counts[containers]}" "${counts[databases]}"
  printf '"remediation":[%s]}\n' "$remediation"
}

as_text() {
  local row state kind name text width=4
  for row in "${rows[@]+"${rows[@]}"}"; do
    IFS=$'\x1f' read -r _ _ name _ <<<"$row"
    ((${#name} <= width)) || width=${#name}
  done
  for row in "${rows[@]+"${rows[@]}"}"; do
    IFS=$'\x1f' read -r state kind name text <<<"$row"
    printf "%-9s %-10s %-${width}s  %s\n" "$state" "${kind%s}" "$name" "$text"
  done
  printf '%s: %d healthy, %d not\n' "$overall" "$good" "$bad"
  for row in "${remedies[@]+"${remedies[@]}"}"; do
    say "  -> ${row#*$'\x1f'}"
  done
}

services='' format=text limit=5
while (($#)); do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --services | --format | --timeout)
      (($# > 1)) || usage_error "$1 needs a value"
      set -- "$1=$2" "${@:3}"
      continue
      ;;
    --services=*) services=${1#*=} ;;
    --format=*) format=${1#*=} ;;
    --timeout=*) limit=${1#*=} ;;
    *) usage_error "unknown argument $1" ;;
  esac
  shift
done
[[ $format == text || $format == json ]] || usage_error "--format takes text or json, not $format"
[[ $limit =~ ^[0-9]{1,4}$ && $limit -gt 0 ]] || usage_error "--timeout takes seconds, not $limit"

chosen=() rows=() remedies=() remediation='' good=0 bad=0 code=000
declare -A items=() counts=()
read_manifest
choose
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
docker_works=yes
columns=$'{{.Names}}\x1f{{.Status}}\x1f{{.Label "com.docker.compose.service"}}\x1f'
columns+='{{.Label "com.docker.compose.project.config_files"}}'
docker_list=$(docker ps -a --format "$columns" 2>/dev/null) || docker_works=no
number=1000
for key in "${chosen[@]+"${chosen[@]}"}"; do
  number=$((number + 1))
  check_service "$key" >"$folder/$number" &
done
wait
[[ $docker_works == yes ]] || result containers \
  '{"name":"docker","status":"can'"'"'t be asked","health":""}' down docker "can't be asked" \
  'docker version' >"$folder/9999"
collect
overall=healthy
((bad == 0)) || overall=degraded
((bad == 0 || good > 0)) || overall=unhealthy
"as_$format"
[[ $overall == healthy ]] || exit "$EXIT_UNHEALTHY"
