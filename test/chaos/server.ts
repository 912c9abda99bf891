import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { findRedisServer, startEmbeddedRedis } from '../../src/embedded/embedded-redis.ts'

/** A real server of a run, with an append-only file, on a port of its own. */
export interface ChaosServer {
  readonly port: number
  /** A connection that no fault of the network touches. */
  readonly redis: Redis
  /**
   * SIGKILL, after it has handed all that it answered to its system. With `everysec` a server keeps that back while the sync before is
   * not done, and loses it by its own rules; nobody could tell that from a fault of Redrive's. docs/guides/durability.md has the figures.
   */
  kill(): Promise<void>
  /** On the data that it left. */
  start(): Promise<void>
  /** Sets its clock off by so many milliseconds. */
  setClock(ms: number): void
  /** By how many milliseconds, at most, that set its clock back at once. */
  readonly setBack: number
  /** From now on its files may not grow, as on a full disk; or may again. */
  fillDisk(full: boolean): void
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly directory: string
  readonly fsync: 'everysec' | 'always'
  /** Whether its clock can be set; see `fakeClockLibrary`. */
  readonly fakeClock?: boolean
  readonly config?: Record<string, string>
}

export async function startServer({ directory, fsync, fakeClock, config }: ServerOptions): Promise<ChaosServer> {
  const data = join(directory, 'data')
  mkdirSync(data, { recursive: true })
  const clock = join(directory, 'clock')
  writeFileSync(clock, '0')
  const server = await startEmbeddedRedis({
    port: 0,
    directory: data,
    appendonly: true,
    binary: wrapper(directory, fakeClock ? clock : undefined),
    config: { appendfsync: fsync, 'busy-reply-threshold': '100', 'repl-diskless-sync-delay': '0', ...config },
  })
  const { port } = new URL(server.url)
  const redis = new Redis({
    port: Number(port),
    replyMapping: 'legacy',
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  })
  redis.on('error', () => {})
  let [offset, setBack] = [0, 0]
  return {
    port: Number(port),
    redis,
    async kill() {
      // Since then it writes before it answers; `always` does so anyway, and its next start has `everysec` again.
      if (fsync === 'everysec') await redis.config('SET', 'appendfsync', 'no')
      await server.kill('SIGKILL')
    },
    start: () => server.restart(),
    setClock(ms) {
      writeFileSync(clock, String(ms))
      setBack = Math.max(setBack, offset - ms)
      offset = ms
    },
    get setBack() {
      return setBack
    },
    fillDisk(full) {
      const limit = full ? `${largestFile(data)}:unlimited` : 'unlimited:unlimited'
      execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${limit}`])
    },
    async stop() {
      redis.disconnect()
      await server.stop()
    },
  }
}

/** The server as it is, but for a limit of its files that it is told of instead of being killed for it, and a clock that can be set. */
function wrapper(directory: string, clock: string | undefined): string {
  const path = join(directory, 'redis-server')
  const library = clock && fakeClockLibrary(directory)
  const fake = library ? [`export LD_PRELOAD='${library}' CHAOS_CLOCK='${clock}'`] : []
  const binary = findRedisServer()?.path ?? 'redis-server'
  writeFileSync(path, ['#!/bin/sh', "trap '' XFSZ", ...fake, `exec '${binary}' "$@"`, ''].join('\n'))
  chmodSync(path, 0o755)
  return path
}

const largestFile = (directory: string): number =>
  Math.max(
    0,
    ...readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size),
  )

/** The library by which a server sees another time, made on the spot; `undefined` where there is no compiler. */
export function fakeClockLibrary(directory: string): string | undefined {
  const source = fileURLToPath(new URL('./clock-shim.c', import.meta.url))
  const library = join(directory, 'clock-shim.so')
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source], { stdio: 'ignore' })
    return library
  } catch {
    return undefined
  }
}

/** Whether the limits of a running process can be set here. */
export function canFillDisk(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Waits until `condition` holds, and tells whether it does. */
export async function eventually(condition: () => Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms
  for (;;) {
    if (await condition().catch(() => false)) return true
    if (performance.now() > deadline) return false
    await sleep(20)
  }
}
