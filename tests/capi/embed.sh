#!/usr/bin/env bash
# embed.sh PROGRAM: four iterations with finite losses, and a frame mAP from 0 to 1.
set -eu
output=$("$1")
expected='^iteration 1 loss [0-9]+\.[0-9]{4}
iteration 2 loss [0-9]+\.[0-9]{4}
iteration 3 loss [0-9]+\.[0-9]{4}
iteration 4 loss [0-9]+\.[0-9]{4}
frame mAP (0\.[0-9]{3}|1\.000)$'
if ! [[ $output =~ $expected ]]; then
    printf 'unexpected output:\n%s\n' "$output"
    exit 1
fi
printf '%s\n' "$output"
