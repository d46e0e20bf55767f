#!/usr/bin/env bash
# needed.sh PROGRAM: the tool stands on libsslact and jansson, and on nothing that the library hides.
set -eu
needed=$(readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p')
if ! grep -q '^libsslact\.so\.' <<<"$needed"; then
    echo "libsslact.so is not among: $needed"
    exit 1
fi
if odd=$(grep -vE '^(libsslact|libjansson|libm|libc|ld-linux-x86-64|ld-linux-aarch64)\.so' <<<"$needed"); then
    printf 'the tool also needs:\n%s\n' "$odd"
    exit 1
fi
printf '%s\n' "$needed"
