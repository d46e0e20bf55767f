#!/usr/bin/env bash
# exports.sh LIBRARY LIST INCLUDE: the symbols of the library are those of the list, and those are
# the functions that the headers declare. A changed line in the list is a reviewed line.
set -eu
library=$1 list=$2 include=$3
export LC_ALL=C

exported=$(nm -D --defined-only "$library" | awk '{ print $2, $3 }')
if odd=$(printf '%s\n' "$exported" | grep -v '^T sslact_'); then
    printf 'exported, but no function sslact_*:\n%s\n' "$odd"
    exit 1
fi
names=$(printf '%s\n' "$exported" | cut -d' ' -f2 | sort)
if ! diff <(printf '%s\n' "$names") "$list"; then
    echo "the library (<) and tests/abi/exports.txt (>) differ"
    exit 1
fi
declared=$(cat "$include"/sslact/*.h | tr '\n' ' ' |
    grep -oE 'SSLACT_(STATUS|API)[a-z_0-9 *]* \**sslact_[a-z_0-9]+\(' |
    grep -oE 'sslact_[a-z_0-9]+\($' | tr -d '(' | sort -u)
if ! diff <(printf '%s\n' "$declared") "$list"; then
    echo "the headers (<) and tests/abi/exports.txt (>) differ"
    exit 1
fi
echo "$(wc -l <"$list") functions"
