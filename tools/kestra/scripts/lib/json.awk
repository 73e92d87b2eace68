# kestra-tasks:managed e3e27ab9
# Read JSON into tables by path (such as .services[0].id): type, first and last (places, from 1) and
# shown (scalars; strings without their quotes, escapes as they stand); order and paths list them.
# What isn't JSON ends with exit 1. Run it with LC_ALL=C, so that places are bytes.
{ text = text (NR > 1 ? "\n" : "") $0 }

function parse() {
  at = 1
  if (substr(text, 1, 3) == "\357\273\277") at = 4
  paths = 0
  value("", 0)
  space()
  if (at <= length(text)) exit 1
}

function space() {
  while (index(" \t\n\r", substr(text, at, 1)) && at <= length(text)) at++
}

function token(pattern) {
  if (!match(substr(text, at, 65536), pattern) || RSTART != 1) exit 1
  at += RLENGTH
  return substr(text, at - RLENGTH, RLENGTH)
}

function string(  raw) {
  raw = token("^\"([^\"\\\\]|\\\\.)*\"")
  return substr(raw, 2, length(raw) - 2)
}

function value(path, depth,  begun, char, count, key, kind) {
  if (depth > 200) exit 1
  space()
  begun = at
  order[paths++] = path
  char = substr(text, at, 1)
  if (char == "{" || char == "[") {
    kind = char == "{" ? "object" : "array"
    at++
    space()
    if (substr(text, at, 1) == (kind == "object" ? "}" : "]")) at++
    else while (1) {
      space()
      if (kind == "object") {
        key = string()
        space()
        token("^:")
        value(path "." key, depth + 1)
      } else value(path "[" count++ "]", depth + 1)
      space()
      char = token("^[],}]")
      if (char == ",") continue
      if (char != (kind == "object" ? "}" : "]")) exit 1
      break
    }
  } else if (char == "\"") {
    kind = "string"
    shown[path] = string()
  } else {
    shown[path] = token("^(true|false|null|-?[0-9][0-9.eE+-]*)")
    kind = shown[path] ~ /^[tf]/ ? "boolean" : shown[path] == "null" ? "null" : "number"
  }
  type[path] = kind
  first[path] = begun
  last[path] = at - 1
}
