#!/usr/bin/env bash
# exports.sh LIBRARY: libsslact_cuda.so exports its table and nothing else, and needs torch's CUDA
# library but no CUDA runtime of its own.
set -eu
names=$(nm -D --defined-only "$1" | awk '{ print $3 }')
[ "$names" = sslact_cuda_get_functions ] || { printf 'exported:\n%s\n' "$names"; exit 1; }
needed=$(readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p')
grep -qx libtorch_cuda.so <<<"$needed" || { printf 'libtorch_cuda.so is not among:\n%s\n' "$needed"; exit 1; }
if grep -E '^lib(cudart|cuda|sslact)\.' <<<"$needed"; then
    echo "is needed, but should not be"
    exit 1
fi
