#!/usr/bin/env bash
# structs.sh INCLUDE LAYOUT: every struct that the headers define is pinned in the layout file, and
# says in the header whether it is frozen or growing.
set -eu
include=$1 layout=$2
export LC_ALL=C
defined=$(sed -nE 's/^typedef struct (sslact_[a-z_0-9]+) \{.*/\1/p' "$include"/sslact/*.h | sort)
pinned=$(sed -nE 's/^PIN\((sslact_[a-z_0-9]+),.*/\1/p' "$layout" | sort)
if ! diff <(printf '%s\n' "$defined") <(printf '%s\n' "$pinned"); then
    echo "the headers (<) and tests/abi/layout.c (>) differ"
    exit 1
fi
echo "$(wc -l <<<"$defined") structs"
