import cliProgress from 'cli-progress'
import type { Terminal } from './terminal.ts'

/** A bar on stderr, where that is a terminal; else nothing. */
export interface SendProgress {
  advance(bytes: number): void
  /** Makes room for a line on the same terminal; the bar comes back with the next message. */
  clear(): void
  stop(): void
}

const NONE: SendProgress = { advance: () => {}, clear: () => {}, stop: () => {} }

/** `totalBytes` is unknown for a pipe: then there is a count instead of a bar. */
export function createSendProgress({ stderr }: Terminal, totalBytes: number | undefined): SendProgress {
  if (stderr.isTTY !== true) return NONE
  const bar = new cliProgress.SingleBar({
    format:
      totalBytes === undefined
        ? '{messages} messages, {duration_formatted}'
        : '{bar} {percentage}%  {messages} messages, {eta_formatted}',
    stream: stderr,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
  })
  let messages = 0
  bar.start(totalBytes ?? 0, 0, { messages })
  return {
    advance(bytes) {
      messages++
      bar.increment(bytes, { messages })
    },
    clear: () => void stderr.write('\r\u001b[K'),
    stop: () => bar.stop(),
  }
}
