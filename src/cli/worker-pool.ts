import { fork, type ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { DEFAULTS } from '../options.ts'
import { CHILD_MARK, READY, STOP } from './pool-member.ts'
import type { Service } from './serve.ts'
import type { Session } from './session.ts'
import { durationText } from './time-text.ts'

export interface WorkerPoolOptions {
  readonly module: string
  /** How many processes. */
  readonly processes: number
  readonly concurrency: number
  /** Only these queues. */
  readonly queue?: readonly string[]
  /** The server, where it is not the one of the session. */
  readonly address?: string
}

/** Worker processes that are kept alive. It ends by itself when the first of them cannot even start, with its exit code. */
export function workerPool(session: Session, options: WorkerPoolOptions): Service {
  const { module, queue = [], concurrency, processes } = options
  const address = options.address ?? session.address ?? DEFAULTS.redis
  const pool = keepProcesses({
    entry: session.entry,
    args: [
      'worker',
      '--concurrency',
      String(concurrency),
      ...(session.prefix === undefined ? [] : ['--prefix', session.prefix]),
      ...queue.flatMap((name) => ['--queue', name]),
      '--',
      module,
    ],
    // Not as an argument: everybody on the machine can read those, and an address can hold a password.
    env: { ...session.terminal.env, REDIS_URL: address, [CHILD_MARK]: '1' },
    count: processes,
    note: session.output.note,
  })
  return {
    ended: pool.ended,
    stop() {
      pool.stop()
      return pool.ended
    },
  }
}

interface Processes {
  readonly entry: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly count: number
  note(text: string): void
}

/** Milliseconds until a process that died is replaced; doubled each time, so that one that dies at once does not keep a core busy. */
const FIRST_DELAY = 100
const LONGEST_DELAY = 10_000
/** One that lived this long, in milliseconds, did work; it is replaced without the delays of those before it. */
const LONG_LIFE = 10_000

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * Starts the processes. The first one alone until it is ready: what is wrong with the module or the server is then said once,
 * and the pool ends with its exit code. Afterwards every end of a process is a mishap, until `stop()`.
 */
function keepProcesses({ entry, args, env, count, note }: Processes): {
  readonly ended: Promise<number>
  stop(): void
} {
  const children = new Set<ChildProcess>()
  const stopping = new AbortController()

  function launch(): { readonly child: ChildProcess; readonly ready: Promise<void>; readonly exited: Promise<Exit> } {
    const child = fork(entry, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    children.add(child)
    const ready = new Promise<void>((resolve) => {
      child.on('message', (message) => message === READY && resolve())
    })
    const exited = new Promise<Exit>((resolve) => {
      child.on('error', () => resolve({ code: 1, signal: null }))
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    void exited.then(() => children.delete(child))
    return { child, ready, exited }
  }

  async function keepAlive(first?: ReturnType<typeof launch>): Promise<void> {
    let delay = FIRST_DELAY
    // A first one that was stopped before it was ready is still waited for: it may need the server to end in good order.
    for (let running = first; running || !stopping.signal.aborted; running = undefined) {
      const { child, exited } = (running ??= launch())
      const startedAt = performance.now()
      const exit = await exited
      if (stopping.signal.aborted) return
      if (performance.now() - startedAt > LONG_LIFE) delay = FIRST_DELAY
      note(
        `worker ${child.pid} ended (${exit.signal ?? `exit code ${exit.code}`}); another one starts in ${durationText(delay)}`,
      )
      await pause(delay, undefined, { signal: stopping.signal }).catch(() => {})
      delay = Math.min(2 * delay, LONGEST_DELAY)
    }
  }

  async function run(): Promise<number> {
    const first = launch()
    const early = await Promise.race([first.ready, first.exited])
    if (early && !stopping.signal.aborted) return early.code || 1
    await Promise.all(Array.from({ length: count }, (_, i) => keepAlive(i === 0 ? first : undefined)))
    return 0
  }

  return {
    ended: run(),
    stop() {
      stopping.abort()
      // One that is about to end by itself hears nothing any more; that is no error.
      for (const child of children) if (child.connected) child.send(STOP, () => {})
    },
  }
}
