#!/usr/bin/env bash
# missing.sh PROGRAM LIBSSLACT EXPECTED: what test_cuda_library says where libsslact.so lies alone.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$2" "$work/$(readelf -d "$2" | sed -nE 's/.*\(SONAME\).*\[(.*)\]/\1/p')"
LD_LIBRARY_PATH=$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} SSLACT_TEST_EXPECTED=$3 \
    "$1" --gtest_filter='*RefusedByTheOps*'
