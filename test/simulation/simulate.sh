#!/usr/bin/env bash
# Compiles the simulation with the sources that it runs, and runs it: npm run simulate -- --seeds 10000
# It only strips the types; `npm run check` checks them. The young generation is made wide: most of what a seed makes does not outlive it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[ -d node_modules ] || bash scripts/setup.sh
out=.cache/simulation
node node_modules/typescript/bin/tsc -p test/simulation/tsconfig.json
mkdir -p "$out/src/store"
cp -R src/store/lua "$out/src/store/"
exec node --min-semi-space-size=64 --max-semi-space-size=128 "$out/test/simulation/main.js" "$@"
