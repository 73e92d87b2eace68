#!/bin/sh
# usage: health-check-all.sh [-j] [-s name] [-q]
# Prints one word a service, or a JSON object with -j.
json=0 only='' quiet=0
while getopts js:qh opt; do
  case $opt in
    j) json=1 ;;
    s) only=$OPTARG ;;
    q) quiet=1 ;;
    h) sed -n '2,3p' "$0"; exit 0 ;;
    *) exit 64 ;;
  esac
done
bad=0 sep=''
[ "$json" = 0 ] || printf '{'
for pair in workspace=3200 tp-capital=4005; do
  name=${pair%%=*}
  [ -z "$only" ] || [ "$only" = "$name" ] || continue
  state=up
  curl -fsS "http://localhost:${pair#*=}/health" >/dev/null 2>&1 || { state=down; bad=1; }
  if [ "$json" = 1 ]; then printf '%s"%s":"%s"' "$sep" "$name" "$state"; sep=,; elif [ "$quiet" = 0 ]; then echo "$name $state"; fi
done
[ "$json" = 0 ] || printf '}\n'
exit $bad
