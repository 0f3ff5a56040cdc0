#!/usr/bin/env bash
# Measures this codec, the machines and the engines with criterion, the genuine parser (npm socket.io@0.8.7, on the node in the PATH) and
# other Rust parsers on the same inputs, one after the other, and prints the tables of docs/PERFORMANCE.md. Takes about ten minutes beside the
# builds. Needs node 20, npm and a registry; the Rust peers need OpenSSL's headers (Debian: libssl-dev, pkg-config) and are left out without.
#
#   benches/compare.sh             prints the tables
#   benches/compare.sh --write     writes them into that page, and draws docs/plots
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=(socket.io@0.8.7)
[ "${1:-}" != --write ] || packages+=(vega@6 vega-lite@6)
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$work" "${packages[@]}" >&2

# What older runs left must not be taken for this one's.
export CRITERION_HOME=$work/criterion CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
# Built first, so that no compiler runs beside what is measured.
cargo bench --quiet --no-run -p socketio08-benches >&2
peers=(--quiet --manifest-path benches/peers/Cargo.toml)
cargo bench "${peers[@]}" --no-run >&2 || { echo "without the other Rust parsers, which do not build here" >&2; peers=(); }

echo "measuring: the genuine parser" >&2
node benches/report/measure.js "$work/node_modules/socket.io/lib/parser.js" >"$work/genuine.tsv"
measure() {
  cargo bench "$@" -- --noplot --quiet >"$work/criterion.txt" 2>&1 || { tail -n 40 "$work/criterion.txt" >&2; exit 1; }
}
for bench in codec sizes server engines; do
  echo "measuring: $bench" >&2
  measure --quiet -p socketio08-benches --bench "$bench"
done
[ ${#peers[@]} = 0 ] || { echo "measuring: other Rust parsers" >&2; measure "${peers[@]}"; }

{
  printf '%s rustc %s, node %s, %s, %s cores\n' "$(date +%F)" "$(rustc --version | cut -d' ' -f2)" "$(node --version)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
  node benches/report/table.js "$CRITERION_HOME" "$work/genuine.tsv"
} | tee "$work/tables.md"
[ "${1:-}" = --write ] || exit 0
NODE_MODULES=$work/node_modules node benches/report/plot.mjs "$CRITERION_HOME" "$work/genuine.tsv" docs/plots
sed -i -e '/^<!-- tables -->$/,/^<!-- end of tables -->$/{//!d}' -e "/^<!-- tables -->\$/r $work/tables.md" docs/PERFORMANCE.md
