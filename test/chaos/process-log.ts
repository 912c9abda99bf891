import type { Logger } from '../../src/index.ts'

/** The log of a process, to its stderr, which the run keeps. */
export function logTo(name: string): Logger {
  const write = (level: string, message: string): void => void process.stderr.write(`${name} ${level} ${message}\n`)
  return {
    debug() {},
    info() {},
    warn: (message) => write('warn', message),
    error: (message) => write('error', message),
  }
}
