# Sourced: BUILD and SOURCE from the arguments, an installed tree in $stage, an empty $work.
set -eu
build=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/stage

"$CMAKE" --install "$build" --prefix "$stage" >"$work/install.log"

fail() {
    echo "$*"
    exit 1
}

# No word of torch where a consumer's compiler could see it.
refuse_torch() { # WHAT TEXT
    case $2 in
    *[Tt]orch*) fail "$1 mentions torch: $2" ;;
    esac
}

run_program() { # PROGRAM
    local output
    output=$("$1") || fail "the program failed: $output"
    case $output in
    *"iteration 4 loss "*"frame mAP "*) ;;
    *) fail "the program printed: $output" ;;
    esac
}

for file in include/sslact/sslact.h bin/sslact_cli; do
    [ -f "$stage/$file" ] || fail "$file is not installed"
done
if [ -f "$build/libsslact_cuda.so" ]; then
    [ -f "$(dirname "$(find "$stage" -name libsslact.so)")/libsslact_cuda.so" ] ||
        fail "libsslact_cuda.so is not installed beside libsslact.so"
fi
if find "$stage/include" -type f | grep -v '/sslact/[a-z_]*\.h$'; then
    fail "more than the public headers is installed"
fi
