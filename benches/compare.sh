#!/usr/bin/env bash
# Measures this codec and the genuine parser (npm socket.io@0.8.7, on the node in the PATH) on the same inputs, one after the
# other, and prints the tables of docs/PERFORMANCE.md. Needs node, npm and a registry.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$work" socket.io@0.8.7 >&2

node benches/genuine/measure.js "$work/node_modules/socket.io/lib/parser.js" >"$work/genuine.tsv"
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target} cargo bench --quiet -p socketio08-benches --bench codec -- --noplot --quiet >"$work/criterion.txt"

printf 'rustc %s, node %s, %s, %s cores\n' "$(rustc --version | cut -d' ' -f2)" "$(node --version)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
node benches/genuine/table.js "${CARGO_TARGET_DIR:-target}/criterion" "$work/genuine.tsv"
