#!/usr/bin/env bash
# A project of LANGUAGES C finds the installed package, builds with it and trains a model.
. "$(dirname "$0")/common.sh"

"$CMAKE" -S "$(dirname "$0")/project" -B "$work/build" -DCMAKE_PREFIX_PATH="$stage" \
    -DCMAKE_C_COMPILER="$CC" -DPROGRAM="$source/tests/capi/embed.c" \
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >"$work/configure.log" 2>&1 ||
    fail "$(cat "$work/configure.log")"
"$CMAKE" --build "$work/build" >"$work/build.log" 2>&1 || fail "$(cat "$work/build.log")"

refuse_torch "the compile command" "$(cat "$work/build/compile_commands.json")"
refuse_torch "the consumer's cache" "$(grep -i '^torch' "$work/build/CMakeCache.txt" || true)"
if grep -q '^CMAKE_CXX_COMPILER:' "$work/build/CMakeCache.txt"; then
    fail "the package asks for a C++ compiler"
fi
run_program "$work/build/program"
echo "built by find_package(sslact) and run"
