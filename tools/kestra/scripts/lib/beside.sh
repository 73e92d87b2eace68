# shellcheck shell=bash
# kestra-tasks:managed 1869b422
# Running the monorepo's own health check and adding Kestra to what it prints. health.sh sources
# this.
# shellcheck disable=SC2154,SC2034,SC2317 # health.sh and what it sources have the rest

# Its callers may give the whole of it no more than some ten seconds.
BESIDE_SECONDS=3

# beside SHELL SCRIPT [ARGUMENT...]
beside() {
  local shell=$1 script=$2 output='' status=0 fd asked=no alone=no json=no silent=no rest=()
  shift 2
  understand "$@"
  if [[ $silent == yes && $asked == no ]]; then
    KESTRA_HEALTH_BESIDE=1 exec "$shell" -- "$script" "$@"
  fi
  exec {fd}< <(timeout $((BESIDE_SECONDS * 2 + 2)) "$BASH" -- "$here/health.sh" --porcelain \
    --timeout "$BESIDE_SECONDS" 2>/dev/null)
  if [[ $alone == yes ]]; then
    answer_alone "$script" "$fd" "$@"
    return
  fi
  if [[ -t 1 && $json == no ]]; then # a terminal: colours stay, and nobody parses it
    KESTRA_HEALTH_BESIDE=1 "$shell" -- "$script" "${rest[@]}" || status=$?
  else
    capture "$script" "${rest[@]}"
  fi
  receive "$fd"
  if [[ -z $output ]]; then
    [[ $json == yes ]] || said_as_text
  else
    merged "$output" || printf '%s' "$output"
  fi
  finish "$status"
}

# understand ARGUMENT...: set asked, alone, json, silent, and rest (the arguments without Kestra).
understand() {
  local word previous='' list kept name
  for word in "$@"; do
    list=''
    if [[ $previous == --services ]]; then
      list=$word
    elif [[ $word == --services=* ]]; then
      list=${word#*=}
    fi
    if [[ -n $list ]]; then
      kept=''
      for name in ${list//,/ }; do
        if [[ " $NAMES ${KESTRA_CONTAINER_NAME:-} " == *" $name "* ]]; then
          asked=yes
        else
          kept+=${kept:+,}$name
        fi
      done
      [[ $asked == no || -n $kept ]] || alone=yes
      [[ $asked == no ]] || word=${word%"$list"}$kept
    fi
    case $previous:${word,,} in
      *:--json | *=json | --format:json | --output:json | -f:json | -o:json | *:json) json=yes ;;
      *:-h | *:--help | *:help | *:--version | *:-q | *:--quiet | *:--silent | *:--list) silent=yes ;;
      *=text | *=table | *=human | *=pretty | *=plain) ;;
      *:--format=* | *:--output=*) silent=yes ;;
      --format:text | --format:table | --format:human | --format:pretty | --format:plain) ;;
      --format:* | --output:*) silent=yes ;;
    esac
    rest+=("$word")
    previous=$word
  done
}

# capture SCRIPT [ARGUMENT...]: set status, and output where it is JSON; other text goes through as
# it comes.
capture() {
  local script=$1 fd host char='' head='' LC_ALL=C
  shift
  exec {fd}< <(KESTRA_HEALTH_BESIDE=1 exec "$shell" -- "$script" "$@")
  host=$!
  while IFS= read -r -N 1 -u "$fd" char; do
    head+=$char
    [[ $char == [[:space:]] ]] || break
  done
  if [[ $char == [\[\{] ]]; then
    output=$head$(
      cat <&"$fd"
      printf x
    )
    output=${output%x}
  else
    printf '%s' "$head"
    cat <&"$fd"
  fi
  exec {fd}<&-
  wait "$host" || status=$?
}

# receive FD: what health.sh found, into the variables that `look` sets.
receive() {
  local line=''
  IFS= read -r -u "$1" line || true
  state=unknown message="couldn't be asked (health.sh says why)" next='' name=tools-kestra
  running='' url='' code=000 word='' ui=''
  [[ -z $line ]] ||
    IFS=$'\x1f' read -r state message next name running url code word ui <<<"$line"
}

# Nobody started it: then it isn't missing in a check that never asked for it.
started() {
  [[ $state != stopped && $state != unknown ]]
}

said_as_text() {
  [[ $asked == yes || $silent == no ]] || return 0
  printf 'Kestra: %s - %s\n' "$state" "$message"
  [[ -z $next || $asked == no ]] || say "  -> $next"
}

finish() {
  if (($1 == 0)) && [[ $state != up ]] && { [[ $asked == yes ]] || started; }; then
    exit 1
  fi
  exit "$1"
}

# The host answers in its own shape where it can be asked for a name that it doesn't know.
answer_alone() {
  local script=$1 fd=$2 output='' status=0
  shift 2
  if [[ $json == yes ]] || LC_ALL=C grep -qai json -- "$script"; then
    capture "$script" "$@" >/dev/null 2>&1
  fi
  receive "$fd"
  if [[ $status != 0 || -z $output ]] || ! merged "$output"; then
    status=0
    if [[ $json == yes ]]; then
      own_contract
    else
      said_as_text
    fi
  fi
  finish "$status"
}

# merged JSON: print it with Kestra in its arrays; fails where it isn't JSON with such arrays.
merged() {
  local counts=no text
  [[ $asked == no ]] && ! started || counts=yes
  text=$(
    printf '%s' "$1" | LC_ALL=C K_STATE=$state K_MESSAGE=$message K_NAME=$name K_RUNNING=$running \
      K_URL=$url K_CODE=$code K_COUNTS=$counts K_NAMES=" $NAMES $name " \
      awk -f "$here/lib/json.awk" -f "$here/lib/merge.awk" 2>/dev/null && printf x
  ) || return 1
  printf '%s' "${text%x}"
  [[ $1 != *$'\n' ]] || printf '\n'
}

# The contract of health-check-all.sh, for a host that has none of its own to answer in.
own_contract() {
  local overall=unhealthy ok=false skeleton
  [[ $state != up ]] || ok=true overall=healthy
  skeleton='{"success":true,"overallHealth":"%s","timestamp":"%s","localServices":[],'
  skeleton+='"dockerContainers":[],"databases":[],"summary":{"allOk":%s,"servicesChecked":0,'
  skeleton+='"containersChecked":0,"databasesChecked":0},"remediation":[%s]}\n'
  [[ -z $next ]] || next="{\"target\":\"Kestra\",\"actions\":[$(quoted "$next")]}"
  # shellcheck disable=SC2059 # the skeleton is the format
  merged "$(printf "$skeleton" "$overall" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$ok" "$next")"
  printf '\n'
}
