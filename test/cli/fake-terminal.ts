import { PassThrough } from 'node:stream'
import type { Terminal } from '../../src/cli/terminal.ts'
import { runProgram } from '../../src/cli/program.ts'
import type { StopReason } from '../../src/cli/interruption.ts'

export interface FakeOptions {
  /** Whether its streams are a terminal. */
  readonly tty?: boolean
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
}

/** The command line within this process, on streams that can pass for a terminal. */
export interface FakeTerminal {
  readonly terminal: Terminal
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves with the match once the output has it. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray>
  type(text: string): void
  interrupt(reason: StopReason): void
  run(...args: string[]): Promise<number>
}

export function fakeTerminal({ tty = false, columns = 80, env = {} }: FakeOptions = {}): FakeTerminal {
  const text = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  const stream = () => Object.assign(new PassThrough(), { isTTY: tty, columns })
  const streams = { stdin: stream(), stdout: stream(), stderr: stream() }
  for (const name of ['stdout', 'stderr'] as const) {
    streams[name].setEncoding('utf8').on('data', (data: string) => {
      text[name] += data
      listeners.forEach((listener) => listener())
    })
  }
  let listener: ((reason: StopReason, count: number) => void) | undefined
  let count = 0
  const interruption = {
    interrupt: (reason: StopReason) => listener?.(reason, ++count),
    take(next: NonNullable<typeof listener>) {
      listener = next
      return () => {
        listener = undefined
      }
    },
  }
  const terminal = { ...streams, env }
  return {
    terminal,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    until(name, pattern) {
      return new Promise((resolve) => {
        const look = (): void => {
          const match = pattern.exec(text[name])
          if (match) {
            listeners.delete(look)
            resolve(match)
          }
        }
        listeners.add(look)
        look()
      })
    },
    type: (line) => void streams.stdin.write(line),
    interrupt: interruption.interrupt,
    async run(...args) {
      const code = await runProgram(args, { terminal, interruption, entry: 'unused' })
      // What was written is heard of in a later turn.
      await new Promise(setImmediate)
      return code
    },
  }
}
