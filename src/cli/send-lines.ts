import type { Queue, SendOptions } from '../client/queue.ts'
import { RedriveError } from '../errors.ts'
import type { SendResult } from '../message.ts'
import { isRedisFailure } from './failure.ts'
import type { Line } from './ndjson-lines.ts'

/** What became of a line. */
export interface Sent {
  readonly line: number
  readonly bytes: number
  readonly result?: SendResult
  readonly error?: unknown
}

export interface SendLinesOptions {
  /** For every message that does not say otherwise. */
  readonly common: SendOptions
  /** Lines are `{ input, id, delay, retry }`, and not the input itself. */
  readonly envelope: boolean
  /** Stops reading; what is under way is waited for. */
  readonly signal: AbortSignal
  /** Called in the order of the lines. */
  tell(sent: Sent): void
}

/** Memory is bounded by two chunks: one is under way while the next is read. */
const CHUNK_LINES = 500
const CHUNK_BYTES = 4 * 1024 * 1024

/** Sends a stream of lines. @throws RedriveError when Redis fails: the lines after that are not read. */
export async function sendLines(queue: Queue, lines: AsyncIterable<Line>, options: SendLinesOptions): Promise<void> {
  const { envelope, common, tell } = options
  let told = Promise.resolve<RedriveError | undefined>(undefined)
  for await (const chunk of chunks(lines, options.signal)) {
    const underWay = Promise.all(chunk.map((line) => sendLine(queue, line, { envelope, common })))
    const failure = await told
    if (failure) throw failure
    told = underWay.then((all) => {
      all.forEach(tell)
      return all.map(({ error }) => error).find(isRedisFailure)
    })
  }
  const failure = await told
  if (failure) throw failure
}

async function* chunks(lines: AsyncIterable<Line>, signal: AbortSignal): AsyncGenerator<Line[]> {
  let chunk: Line[] = []
  let bytes = 0
  for await (const line of lines) {
    if (signal.aborted) break
    chunk.push(line)
    bytes += line.bytes
    if (chunk.length < CHUNK_LINES && bytes < CHUNK_BYTES) continue
    yield chunk
    chunk = []
    bytes = 0
  }
  if (chunk.length > 0) yield chunk
}

async function sendLine(queue: Queue, line: Line, how: Pick<SendLinesOptions, 'common' | 'envelope'>): Promise<Sent> {
  const { number, bytes, value } = line
  try {
    if (line.error) throw line.error
    const { input, ...own } = how.envelope ? opened(value) : { input: value }
    return { line: number, bytes, result: await queue.send(input, { ...how.common, ...own }) }
  } catch (error) {
    return { line: number, bytes, error: isRedisFailure(error) ? error : atLine(number, error) }
  }
}

function opened(value: unknown): SendOptions & { readonly input: unknown } {
  if (typeof value === 'object' && value !== null && 'input' in value) return value
  throw new RedriveError(
    'E_INVALID_OPTION',
    'with --envelope a line is an object {"input": …, "id": …, "delay": …, "retry": …}.',
  )
}

/** The same error, saying where. */
function atLine(line: number, error: unknown): unknown {
  if (!(error instanceof RedriveError) || error.code === 'E_BROKEN_LINE') return error
  const text = error.message.replace(`${error.code}: `, '')
  return new RedriveError(error.code, `line ${line}: ${text}`, { ...error.details, line, cause: error })
}
