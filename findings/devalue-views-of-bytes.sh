#!/usr/bin/env bash
# devalue 6.0.3, Node 20: what stringify() writes for three bytes that are a view of a larger buffer.
# Guessed: the three bytes, as it does for a Buffer. Seen: the whole buffer and where the view lies in it.
#   Buffer 3 bytes of 3
#   Uint8Array 3 bytes of 1000
# So a small view of a pooled buffer takes the bytes of others with it, and what it reads back holds them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund devalue@6.0.3
cat > try.mjs <<'JS'
import { parse, stringify } from 'devalue'
const whole = new ArrayBuffer(1000)
const views = { Buffer: Buffer.from(whole, 10, 3), Uint8Array: new Uint8Array(whole, 10, 3) }
for (const [name, view] of Object.entries(views)) {
  const read = parse(stringify(view))
  console.log(name, read.byteLength, 'bytes of', read.buffer.byteLength)
}
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = $'Buffer 3 bytes of 3\nUint8Array 3 bytes of 1000' ]
