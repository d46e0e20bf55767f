#!/usr/bin/env bash
# same_output.sh PROGRAM FILE: the program succeeds and prints what the file holds, which was worked
# out without the library.
set -eu
output=$("$1") || { echo "the program failed: $output"; exit 1; }
diff <(printf '%s\n' "$output") "$2" || { echo "the output (<) and $2 (>) differ"; exit 1; }
