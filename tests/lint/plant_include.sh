#!/usr/bin/env bash
# Copies the sources, plants one forbidden include of each kind, and expects tools/lint/rooms to
# name each of them.
set -eu
root=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$root/csrc" "$root/plugin" "$root/include" "$root/cuda" "$copy"/
mkdir -p "$copy/tools"
cp -r "$root/tools/cmake" "$root/tools/cli" "$copy/tools/"

expect() { # FILE INCLUDE PHRASE
    local kept
    kept=$(cat "$copy/$1")
    printf '\n#include %s\n' "$2" >>"$copy/$1"
    if output=$("$root/tools/lint/rooms" "$copy"); then
        echo "the check accepted $2 in $1"
        exit 1
    fi
    case $output in
    *"$3"*) ;;
    *) echo "the check said '$output', expected it to say '$3'"; exit 1 ;;
    esac
    printf '%s\n' "$kept" >"$copy/$1"
}

expect csrc/base/text.c '"data/dataset.h"' 'room base includes data/dataset.h'
expect csrc/data/view.c '<torch/library.h>' 'room data includes torch/library.h of torch'
expect csrc/metrics/frame_map.c '"sslact/model.h"' 'room metrics includes sslact/model.h'
expect csrc/config/schema.c '"../data/view.h"' 'leaves its folder'
expect include/sslact/base.h '"config/config.h"' 'a public header includes config/config.h'
echo "every planted include was found"
