#!/usr/bin/env bash
# valgrind.sh PROGRAM SUPPRESSIONS: the program under memcheck; fails on an error or a definite leak
# whose stack goes through libsslact.so. What torch and the OpenMP library do by themselves is
# theirs. Exit code 77: no valgrind here.
set -eu
program=$1 suppressions=$2
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Under valgrind everything takes some hundred times as long, and threads run in turns: one is enough.
# Short blocks, or the long unrolled convolutions of oneDNN exhaust valgrind's translator.
OMP_NUM_THREADS=1 valgrind --vex-guest-max-insns=20 --tool=memcheck --leak-check=full --show-leak-kinds=definite \
    --num-callers=40 --xml=yes --xml-file="$work/report.xml" --suppressions="$suppressions" \
    "$program" >"$work/output" 2>"$work/log" || {
    cat "$work/output" "$work/log"
    echo "the program failed under valgrind"
    exit 1
}
# One record an <error>; those with a frame of ours and a kind that is certain are kept.
ours=$(awk -v RS='</error>' '
    /<error>/ && /<obj>[^<]*libsslact/ && !/<kind>Leak_(PossiblyLost|StillReachable|IndirectlyLost)</ {
        print $0 "\n"
    }' "$work/report.xml" |
    sed -nE 's/.*<kind>(.*)<\/kind>.*/\n\1/p; s/.*<text>(.*)<\/text>.*/  \1/p; s/.*<fn>(.*)<\/fn>.*/    \1/p')
if [ -n "$ours" ]; then
    echo "errors with a frame of libsslact:"
    printf '%s\n' "$ours" | head -200
    exit 1
fi
cat "$work/output"
echo "no error and no definite leak of ours"
