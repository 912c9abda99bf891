import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { AWAY } from './job.ts'

/** A process of a run that is started again whenever it was killed. */
export interface Player {
  readonly name: string
  readonly pid: number | undefined
  send(order: object | string): void
  /** Kills it; another takes its place. */
  kill(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Ends it for good: in an orderly way, or after a while by force. */
  stop(): Promise<void>
  /** Resolves when it says that its work is done. */
  readonly done: Promise<void>
}

export interface PlayerOptions {
  readonly name: string
  readonly script: 'worker-process' | 'producer-process'
  readonly job: object
  /** Where what it writes to stderr goes. */
  readonly log: string
  /** Preloaded libraries, for a clock of its own. */
  readonly env?: Readonly<Record<string, string>>
  /** Is told of a process that ends though nobody killed it. */
  crashed(why: string): void
  /** Called each time that it is ready. */
  ready?(player: Player): void
}

const FORCE_AFTER = 8000

/** Every process of this run that lives, so that none outlives it. */
const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

export async function startPlayer(options: PlayerOptions): Promise<Player> {
  const path = fileURLToPath(new URL(`./${options.script}.js`, import.meta.url))
  const log: WriteStream = createWriteStream(options.log, { flags: 'a' })
  let child: ChildProcess
  let over = false
  let killed = false
  let finish = (): void => {}
  const done = new Promise<void>((resolve) => {
    finish = resolve
  })

  function start(): Promise<void> {
    killed = false
    child = fork(path, [JSON.stringify(options.job)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
      env: { ...process.env, ...options.env, NODE_OPTIONS: '' },
    })
    const mine = child
    alive.add(mine)
    const lastWords: string[] = []
    createInterface({ input: mine.stderr! }).on('line', (line) => {
      log.write(`${line}\n`)
      lastWords.push(line.trim())
      if (lastWords.length > 20) lastWords.shift()
    })
    mine.stdout!.pipe(log, { end: false })
    mine.once('exit', () => alive.delete(mine))
    // Not at its exit: its last words may still be on their way.
    mine.once('close', (code, signal) => {
      if (over || mine !== child) return
      if (!killed && code !== AWAY)
        options.crashed(`${options.name} ended by itself: ${signal ?? `code ${code}`}: ${lastWords.join(' ')}`)
      void sleep(killed ? 50 : 300).then(() => (over ? undefined : start()))
    })
    return new Promise((resolve) => {
      mine.on('message', (message) => {
        if (message === 'ready') options.ready?.(player)
        else finish()
        resolve()
      })
      mine.once('exit', () => resolve())
    })
  }

  const player: Player = {
    name: options.name,
    done,
    get pid() {
      return child.pid
    },
    // One that is just ending hears nothing any more; whoever comes in its place asks anew.
    send: (order) => void (child.connected && child.send(order, () => {})),
    async kill() {
      const mine = child
      if (mine.exitCode !== null || mine.signalCode !== null) return
      killed = true
      const exited = once(mine, 'exit')
      mine.kill('SIGKILL')
      await exited
    },
    signal: (signal) => void child.kill(signal),
    async stop() {
      over = true
      const mine = child
      if (mine.exitCode === null && mine.signalCode === null) {
        const exited = once(mine, 'exit')
        mine.kill('SIGCONT')
        if (options.script === 'worker-process' && mine.connected) mine.send('stop', () => {})
        else mine.kill('SIGKILL')
        const force = setTimeout(() => mine.kill('SIGKILL'), FORCE_AFTER)
        await exited
        clearTimeout(force)
      }
      log.end()
    },
  }
  await start()
  return player
}
