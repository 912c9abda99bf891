#!/usr/bin/env bash
# All checks that need no running system. Every one runs, so that one pass shows all there is to mend.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup.sh || exit 1

failed=()
step() {
  local name=$1
  shift
  echo "-- $name"
  "$@" || failed+=("$name")
}

bin=node_modules/.bin
step 'types' "$bin/tsc" -p tsconfig.json
step 'types of the pages' "$bin/tsc" -p src/dashboard/app/tsconfig.json
step 'types of their tests' "$bin/tsc" -p test/browser/tsconfig.json
step 'lint' "$bin/oxlint" --type-aware --deny-warnings --report-unused-disable-directives
step 'format' "$bin/oxfmt" --check
step 'dead code' "$bin/knip"
step 'package' "$bin/publint" --strict
step 'architecture' node --experimental-vm-modules node_modules/jest/bin/jest.js test/architecture.test.ts

if [ ${#failed[@]} -gt 0 ]; then
  printf 'check failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
echo 'check passed'
