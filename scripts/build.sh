#!/usr/bin/env bash
# Builds dist/ from src/ and machines/. Does nothing when dist/ is newer than every source.
# The new build replaces the old one only when it is complete: a type error leaves the last good dist/ in place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stamp=dist/.built
inputs=(src machines tsconfig.json tsconfig.build.json vite.config.ts package.json package-lock.json scripts/build.sh scripts/embed.mjs)

# A directory counts too: its time changes when a file in it is removed.
is_fresh() {
  [ -e "$stamp" ] && [ -z "$(find "${inputs[@]}" -newer "$stamp" -print -quit)" ]
}

if is_fresh; then exit 0; fi

next=.dist-$$
trap 'rm -rf "$next"' EXIT
mkdir -p "$next"
touch "$next/.built" # now, not at the end: an edit during the build must lead to another one

node node_modules/typescript/bin/tsc -p tsconfig.build.json --outDir "$next" >&2

# The dashboard's pages.
node node_modules/vite/bin/vite.js build --outDir "$PWD/$next/src/dashboard/app" --logLevel warn >&2

# What is not TypeScript lies beside the code, for tests that read or break it. It is not published: the code holds it as text.
find src machines -path src/dashboard/app -prune -o -type f ! -name '*.ts' -print | while read -r file; do
  mkdir -p "$next/$(dirname "$file")"
  cp -p "$file" "$next/$file"
done
node scripts/embed.mjs "$next" >&2
if [ -e "$next/src/cli/main.js" ]; then chmod +x "$next/src/cli/main.js"; fi

rm -rf dist
mv "$next" dist
echo "built dist/" >&2
