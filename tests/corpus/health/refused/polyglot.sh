#!/bin/sh
''':'
exec python3 "$0" "$@"
'''
print("ok")
