# shellcheck shell=bash
# kestra-tasks:managed 18c1bcc9
# Reading .env as Docker Compose does, without executing anything in it.
# shellcheck disable=SC2154 # common.sh sets the variables that are only used here

# read_env NAME...: set each variable as Compose would. The environment, even where it is empty,
# beats .env; nothing in .env is executed. A line of these names that can't be read ends the script.
read_env() {
  [[ -f $env_file ]] || return 0
  # Bytes: a file in another encoding must not hide a line.
  local LC_ALL=C
  local form='^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_.-]*)[[:space:]]*[=:][[:space:]]*(.*)$'
  local wanted='' name line text value number=0 open=''
  for name in "$@"; do
    [[ -n ${!name+set} ]] || wanted+=" $name "
  done
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    ((number > 1)) || line=${line#$'\xef\xbb\xbf'}
    if [[ -n $open ]]; then # inside somebody else's value of several lines
      if has_quote "$line" "$open"; then open=''; fi
      continue
    fi
    [[ $line =~ $form ]] || continue
    name=${BASH_REMATCH[2]} text=${BASH_REMATCH[3]}
    if [[ $wanted == *" $name "* ]]; then
      read_value "$text" || unreadable "$number" "$name" "$why"
      printf -v "$name" '%s' "$value"
    elif [[ $text == [\"\']* ]] && ! has_quote "${text:1}" "${text:0:1}"; then
      open=${text:0:1}
    fi
  done <"$env_file"
}

unreadable() {
  fail "$EXIT_PRECONDITION" "$env_file:$1: $2 can't be read: $3" \
    "write it in single quotes: $2='...'"
}

# Whether a text has an unescaped quote.
has_quote() {
  [[ ${1//\\?/} == *"$2"* ]]
}

# Set `value` from what stands behind NAME=, or `why` it can't be read.
read_value() {
  why=''
  case $1 in
    \'*) read_quoted "$1" "'" ;;
    \"*) read_quoted "$1" '"' ;;
    '#'*) why="it begins with '#'" ;;
    *$'\t#'*) why="it has '#' behind a tab" ;;
    *)
      value=${1%%" #"*}
      value=${value%"${value##*[![:space:]]}"}
      if [[ $value == *\\\$* ]]; then
        why="it has '\\\$' outside of quotes"
      else
        undollar "$value"
      fi
      ;;
  esac
  [[ -z $why ]]
}

read_quoted() {
  local text=$1 quote=$2 out='' char next i
  for ((i = 1; i < ${#text}; i++)); do
    char=${text:i:1} next=${text:i+1:1}
    case $char in
      "$quote")
        value=$out
        [[ ${text:i+1} =~ ^[[:space:]]*(#.*)?$ ]] || why='there is more behind the closing quote'
        return 0
        ;;
      \\)
        i=$((i + 1))
        if [[ $next == "$quote" ]]; then
          out+=$next
        elif [[ $quote == "'" ]]; then
          out+=\\$next
        else
          unescape "$next" || return 0
        fi
        ;;
      \$)
        if [[ $quote == '"' ]]; then
          if [[ $next == \$ ]]; then
            i=$((i + 1))
          elif [[ $next == [A-Za-z_\{] ]]; then
            why='it uses another variable'
            return 0
          fi
        fi
        out+=\$
        ;;
      *) out+=$char ;;
    esac
  done
  why='its quote is not closed on that line'
}

# Add to `out` what a backslash and this character mean between double quotes.
unescape() {
  case $1 in
    \\ | \$) out+=$1 ;;
    n) out+=$'\n' ;;
    r) out+=$'\r' ;;
    t) out+=$'\t' ;;
    a) out+=$'\a' ;;
    b) out+=$'\b' ;;
    f) out+=$'\f' ;;
    v) out+=$'\v' ;;
    0)
      why='it has an octal escape'
      return 1
      ;;
    *) out+=\\$1 ;;
  esac
}

# Set `value` from a text whose "$$" stands for "$".
undollar() {
  local text=$1
  value=''
  while [[ $text == *\$* ]]; do
    value+=${text%%\$*}\$
    text=${text#*\$}
    case $text in
      \$*) text=${text#\$} ;;
      [A-Za-z_\{]*)
        why='it uses another variable'
        return 0
        ;;
    esac
  done
  value+=$text
}
