#!/bin/sh
# Builds the Kratos and the Hydra that tests/ory runs against, from public Go modules.
#
#   build.sh [OUT_DIR]     leaves OUT_DIR/kratos and OUT_DIR/hydra
#
# OUT_DIR is the argument, else $ORY_BIN, else a folder in the user's cache: outside the
# tree, so that neither an image nor a clean checkout carries 100 MB of binaries.
#
# Needs Go 1.23 or newer and gcc (SQLite is built with cgo). A binary that was built from
# the same go.mod, go.sum, main.go and Go version is left alone. A cold build downloads
# about 750 MB of modules and takes minutes.
set -eu

out=${1:-${ORY_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/webhook-service/ory}}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$out"
out=$(CDPATH= cd -- "$out" && pwd)
# The Go at hand, never one fetched for the occasion: the stamp below names it.
export GOTOOLCHAIN=local CGO_ENABLED=1 GOFLAGS=-mod=readonly

for name in hydra kratos; do
    stamp=$( (go version; cat "$here/$name/go.mod" "$here/$name/go.sum" "$here/$name/main.go") | cksum)
    if [ -x "$out/$name" ] && [ "$(cat "$out/.$name.stamp" 2>/dev/null)" = "$stamp" ]; then
        echo "$name: up to date"
        continue
    fi
    (cd "$here/$name" && go build -tags sqlite -ldflags "-s -w" -o "$out/$name" .)
    printf '%s\n' "$stamp" >"$out/.$name.stamp"
    echo "$name: built"
done
