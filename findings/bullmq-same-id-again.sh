#!/usr/bin/env bash
# bullmq 6.7.0 with ioredis 6.0.0 on Redis 7.0 or newer: add() with a jobId that exists.
# Guessed: the job that it returns is the one that is stored. Seen: it has the data that was just given; the stored job has the first.
#   returned { n: 2 } stored { n: 1 }
# So a producer that trusts the answer believes that its second order was taken.
set -euo pipefail
command -v redis-server > /dev/null || { echo 'this needs a redis-server on the PATH'; exit 2; }
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 ioredis@6.0.0
redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' > /dev/null &
server=$!
cat > try.mjs <<'JS'
import { Queue } from 'bullmq'
const queue = new Queue('orders', { connection: { path: process.argv[2], maxRetriesPerRequest: null } })
await queue.add('order', { n: 1 }, { jobId: 'a' })
const returned = await queue.add('order', { n: 2 }, { jobId: 'a' })
const stored = await queue.getJob('a')
console.log('returned', returned.data, 'stored', stored.data)
await queue.close()
JS
seen=$(node try.mjs "$folder/redis.sock")
echo "$seen"
[ "$seen" = 'returned { n: 2 } stored { n: 1 }' ]
