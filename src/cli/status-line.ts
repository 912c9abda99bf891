import { cut } from './table.ts'
import type { Terminal } from './terminal.ts'

/** One line at the foot of a terminal that is written over and over. Elsewhere there is none. */
export interface StatusLine {
  show(text: string): void
  /** Takes it away while `print` writes a line. */
  beside(print: () => void): void
  end(): void
}

const ERASE = '\r\u001b[K'

export function createStatusLine({ stderr }: Terminal): StatusLine {
  if (stderr.isTTY !== true) return { show: () => {}, beside: (print) => print(), end: () => {} }
  let shown = ''
  const draw = (): void => void stderr.write(ERASE + cut(shown, stderr.columns))
  return {
    show(text) {
      shown = text
      draw()
    },
    beside(print) {
      stderr.write(ERASE)
      print()
      draw()
    },
    end() {
      stderr.write(ERASE)
      shown = ''
    },
  }
}
