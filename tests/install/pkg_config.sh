#!/usr/bin/env bash
# A C program builds with what pkg-config says of the installed library, and trains a model.
. "$(dirname "$0")/common.sh"

folder=$(dirname "$(find "$stage" -name sslact.pc)")
[ -n "$folder" ] || fail "sslact.pc is not installed"
export PKG_CONFIG_PATH=$folder
flags=$(pkg-config --cflags --libs sslact)
refuse_torch "pkg-config" "$flags"
case $flags in
*"$stage"*) ;;
*) fail "sslact.pc does not name the folder it was installed to: $flags" ;;
esac
# shellcheck disable=SC2086
"$CC" -std=c99 -Wall -Wextra -pedantic-errors -Werror "$source/tests/capi/embed.c" $flags \
    -o "$work/program"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir sslact)
export LD_LIBRARY_PATH
run_program "$work/program"
echo "built by pkg-config and run"
