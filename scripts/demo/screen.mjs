import pc from 'picocolors'
import { frame, oneLine } from './view.mjs'

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
/** Erasing what is left over, not everything first: the picture does not flicker. */
const ERASE_LINE_END = '\x1b[K'
const ERASE_BELOW = '\x1b[0J'
const LINE_MS = 1000

/**
 * Shows scenes: drawn over each other on a terminal, else one line a second.
 * @param {import('node:tty').WriteStream} stream
 */
export function createScreen(stream) {
  const live = stream.isTTY
  const color = colorsFor(stream)
  let height = 0
  let lastLineAt = -Infinity

  function draw(scene) {
    // A line that wraps would leave its rest behind, and lines above the top cannot be drawn over.
    const [columns, rows] = [(stream.columns || 80) - 1, (stream.rows || 24) - 1]
    const lines = frame(scene, color).slice(0, rows)
    const text = lines.map((line) => `${clip(line, columns)}${ERASE_LINE_END}\n`).join('')
    stream.write(`${HIDE_CURSOR}${height > 0 ? `\x1b[${height}A` : ''}${text}${ERASE_BELOW}`)
    height = lines.length
  }

  return {
    color,
    show(scene) {
      if (live) return draw(scene)
      if (performance.now() - lastLineAt < LINE_MS) return
      lastLineAt = performance.now()
      stream.write(`${oneLine(scene)}\n`)
    },
    /** Prints below what was drawn, which stays. */
    print(text) {
      height = 0
      stream.write(`${text}\n`)
    },
    close: () => void (live && stream.write(SHOW_CURSOR)),
  }
}

function colorsFor(stream) {
  const { NO_COLOR, TERM } = process.env
  return pc.createColors(stream.isTTY && !NO_COLOR && TERM !== 'dumb')
}

/** Cuts a line to the width of the terminal; colour codes take no room, and are closed. */
function clip(line, columns) {
  // oxlint-disable-next-line no-control-regex
  const pieces = line.split(/(\x1b\[\d+m)/)
  let room = columns
  const kept = pieces.map((piece, i) => {
    if (i % 2 === 1) return piece
    const part = piece.slice(0, Math.max(0, room))
    room -= part.length
    return part
  })
  return kept.join('')
}
