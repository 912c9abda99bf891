// Started by embedded-redis.test.ts, which kills it: opens a server and stays. argv: the options as JSON.
import { startEmbeddedRedis } from '../../dist/src/embedded/embedded-redis.js'

const redis = await startEmbeddedRedis(JSON.parse(process.argv[2] ?? '{}'))
console.log(JSON.stringify({ pid: redis.pid, directory: redis.directory, url: redis.url }))
setInterval(() => {}, 1000)
