# kestra-tasks:managed 517901aa
# With json.awk: print the text with Kestra in its arrays of services and containers; every other
# byte stays. What Kestra is comes from the environment (K_...). Exit 1: no JSON, or no such array.
END {
  parse()
  services = array_of("localServices services checks results")
  containers = array_of("dockerContainers containers")
  if (services == "" && containers == "") exit 1
  up = ENVIRON["K_STATE"] == "up"
  if (ENVIRON["K_COUNTS"] == "yes") {
    known = 0
    if (services != "") add("services", services, ".summary.servicesChecked")
    if (containers != "" && ENVIRON["K_RUNNING"] != "")
      add("containers", containers, ".summary.containersChecked")
    if (!up && !known) worsen()
  }
  change()
  printf "%s", text
}

function array_of(names,  list, n, count) {
  count = split(names, list, " ")
  for (n = 1; n <= count; n++) if (type["." list[n]] == "array") return "." list[n]
  return ""
}

function replace(place, length_, new) {
  edits++
  places[edits] = place
  lengths[edits] = length_
  news[edits] = new
}

# From the end, so that the places in front stay true.
function change(  n, best) {
  while (edits > 0) {
    best = 1
    for (n = 2; n <= edits; n++) if (places[n] > places[best]) best = n
    text = substr(text, 1, places[best] - 1) news[best] substr(text, places[best] + lengths[best])
    places[best] = places[edits]
    lengths[best] = lengths[edits]
    news[best] = news[edits]
    edits--
  }
}

# Append an item, and count it; an array that names Kestra, or has no objects, stays as it is.
function add(kind, base, counter,  count, keys, n, one) {
  count = split("id name service container", keys, " ")
  for (n = 0; (base "[" n "]") in type; n++)
    for (one = 1; one <= count; one++)
      if (index(ENVIRON["K_NAMES"], " " shown[base "[" n "]." keys[one]] " ") > 0) {
        known = 1
        return
      }
  if (n == 0) replace(first[base] + 1, last[base] - first[base] - 1, item(kind, ""))
  else {
    if (type[base "[0]"] != "object") return
    one = substr(text, first[base] + 1, first[base "[0]"] - first[base] - 1)
    replace(last[base "[" (n - 1) "]"] + 1, 0, "," one item(kind, base))
  }
  if (type[counter] == "number") replace(first[counter], length(shown[counter]), shown[counter] + 1)
}

# What says that all is well doesn't say it any more.
function worsen(  list, n, count) {
  count = split(".summary.allOk .allOk .ok .healthy", list, " ")
  for (n = 1; n <= count; n++) if (shown[list[n]] == "true") replace(first[list[n]], 4, "false")
  if (shown[".overallHealth"] == "healthy") replace(first[".overallHealth"] + 1, 7, "degraded")
}

# Kestra under the keys of the array's first object, or under our own where there is none.
function item(kind, base,  keys, count, n, out, path, key) {
  count = 0
  if (base == "") {
    key = kind == "services" ? "id name status url httpStatus message" : "name status health message"
    count = split(key, keys, " ")
  } else
    for (n = 0; n < paths; n++) {
      path = order[n]
      if (index(path, base "[0].") != 1) continue
      key = substr(path, length(base "[0].") + 1)
      if (key !~ /[.[]/) keys[++count] = key
    }
  for (n = 1; n <= count; n++)
    out = out (n > 1 ? "," : "") "\"" keys[n] "\":" field(kind, base, keys[n])
  return "{" out "}"
}

function field(kind, base, key) {
  if (key == "id") return quoted("kestra-orchestrator")
  if (key == "service" && kind == "containers" && type[base "[0].name"] == "string")
    return quoted("kestra")
  if (key ~ /^(name|service|container|containerName|label|title)$/)
    return quoted(kind == "containers" ? ENVIRON["K_NAME"] : "kestra")
  if (key ~ /^(status|state|health)$/) return state_like(base, key)
  if (key ~ /^(ok|up|healthy|running)$/) return up ? "true" : "false"
  if (key ~ /^(url|healthUrl|endpoint)$/) return quoted(ENVIRON["K_URL"])
  if (key ~ /^(httpStatus|httpCode|code|statusCode)$/) return ENVIRON["K_CODE"] + 0
  if (key == "port") return match(ENVIRON["K_URL"], /:[0-9]+\//) \
    ? substr(ENVIRON["K_URL"], RSTART + 1, RLENGTH - 2) : "null"
  if (key ~ /^(message|detail|details|info|note|error)$/) return quoted(ENVIRON["K_MESSAGE"])
  if (key ~ /^(type|category|stack|group)$/) return quoted("tools")
  return base != "" && type[base "[0]." key] == "string" ? "\"\"" : "null"
}

# The state in a word that the host's own items have, else in ours.
function state_like(base, key,  found, n, count, pairs, pair) {
  if (base != "" && type[base "[0]." key] == "boolean") return up ? "true" : "false"
  for (n = 0; base != "" && (base "[" n "]") in type; n++)
    found = found " " shown[base "[" n "]." key] " "
  count = split("ok:down OK:DOWN up:down UP:DOWN healthy:unhealthy running:exited pass:fail", pairs, " ")
  # The very word first: a host that says "healthy" may well say "down".
  for (n = 1; n <= count; n++) {
    split(pairs[n], pair, ":")
    if (index(found, " " pair[up ? 1 : 2] " ")) return quoted(pair[up ? 1 : 2])
  }
  for (n = 1; n <= count; n++) {
    split(pairs[n], pair, ":")
    if (index(found, " " pair[up ? 2 : 1] " ")) return quoted(pair[up ? 1 : 2])
  }
  if (key == "health") return quoted(up ? "healthy" : "unhealthy")
  return quoted(ENVIRON["K_STATE"])
}

function quoted(words,  n, char, out) {
  for (n = 1; n <= length(words); n++) {
    char = substr(words, n, 1)
    if (char == "\\" || char == "\"") char = "\\" char
    else if (char < " ") char = " "
    out = out char
  }
  return "\"" out "\""
}
