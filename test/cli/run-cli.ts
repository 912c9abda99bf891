import { type ChildProcess, fork, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built command line, as a user runs it. */
export const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

export interface CliEnd {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCli {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves with the match once the output has it; rejects when the program ends without it. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray>
  readonly ended: Promise<CliEnd>
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Text for stdin, which is at its end otherwise. */
  readonly input?: string | Buffer
}

/** Starts it with an environment of its own: neither CI nor a REDIS_URL of this machine plays a part. */
export function startCli(args: readonly string[], { env = {}, input = '' }: CliOptions = {}): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  const heard = (): void => listeners.forEach((listener) => listener())
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (data: string) => {
      text[stream] += data
      heard()
    })
  }
  child.stdin.on('error', () => {}) // it may end before it reads
  child.stdin.end(input)
  let over = false
  const ended = new Promise<CliEnd>((resolve) => {
    child.once('close', (code, signal) => {
      over = true
      heard()
      resolve({ code: code ?? signal, ...text })
    })
  })
  return {
    child,
    ended,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    until(stream, pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text[stream])
          if (!match && !over) return
          listeners.delete(look)
          if (match) resolve(match)
          else reject(new Error(`ended without ${pattern} on ${stream}:\n${text.stdout}\n${text.stderr}`))
        }
        listeners.add(look)
        look()
      })
    },
  }
}

/** Starts it as a pool starts its workers: with a channel to the parent, and nothing to read. */
export function forkCli(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return fork(MAIN, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

/** Runs it to its end. */
export const cli = (args: readonly string[], options?: CliOptions): Promise<CliEnd> => startCli(args, options).ended

/** Every line of NDJSON; throws when one is not JSON. */
export function ndjson(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
