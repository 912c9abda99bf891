import { isUtf8 } from 'node:buffer'
import { RedriveError } from '../errors.ts'

/** A line of NDJSON: its value, or why it has none. */
export interface Line {
  /** From 1. Empty lines count. */
  readonly number: number
  /** With its end. */
  readonly bytes: number
  readonly value?: unknown
  readonly error?: RedriveError
}

/** More than the largest payload that a queue can accept, written as JSON. */
const LONGEST = 128 * 1024 * 1024

const NEWLINE = 10
const BOM = '\ufeff'

/**
 * The values of NDJSON, one by one; empty lines are passed over. Not by `node:readline`: it would hold a line without an end in memory
 * however long it gets, and turn broken UTF-8 into other text without a word.
 */
export async function* ndjsonLines(source: AsyncIterable<Buffer | string>, longest = LONGEST): AsyncGenerator<Line> {
  let number = 0
  for await (const raw of rawLines(source, longest)) {
    number++
    const line = parse(raw, number, longest)
    if (line) yield line
  }
}

interface RawLine {
  readonly bytes: number
  /** `undefined` when it is too long. */
  readonly text: Buffer | undefined
}

async function* rawLines(source: AsyncIterable<Buffer | string>, longest: number): AsyncGenerator<RawLine> {
  let parts: Buffer[] = []
  let bytes = 0
  const take = (part: Buffer): void => {
    bytes += part.length
    if (bytes > longest) parts = []
    else parts.push(part)
  }
  const finish = (): RawLine => {
    const line = { bytes, text: bytes > longest ? undefined : Buffer.concat(parts) }
    parts = []
    bytes = 0
    return line
  }
  for await (const data of source) {
    const chunk = Buffer.from(data)
    let start = 0
    for (let end; (end = chunk.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
      take(chunk.subarray(start, end + 1))
      yield finish()
    }
    if (start < chunk.length) take(chunk.subarray(start))
  }
  if (bytes > 0) yield finish()
}

function parse({ bytes, text }: RawLine, number: number, longest: number): Line | undefined {
  const broken = (why: string): Line => ({
    number,
    bytes,
    error: new RedriveError('E_BROKEN_LINE', `line ${number}: ${why}`, { line: number }),
  })
  if (!text) return broken(`it is longer than ${longest} bytes.`)
  if (!isUtf8(text)) return broken('it is not UTF-8.')
  const json = (number === 1 ? text.toString().replace(BOM, '') : text.toString()).trim()
  if (json === '') return undefined
  try {
    return { number, bytes, value: JSON.parse(json) as unknown }
  } catch (error) {
    return broken(`it is not JSON: ${(error as SyntaxError).message}`)
  }
}
