#!/bin/sh
# The small configs of the repository are those that tools/make_configs makes of the table.
set -eu
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$1/tools/make_configs" "$made"
diff -r "$made" "$1/configs/tables"
