import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import type { Queue } from '../client/queue.ts'
import { EXIT, failureFacts, reportFailure } from './failure.ts'
import { endedBy } from './interruption.ts'
import { ndjsonLines } from './ndjson-lines.ts'
import { sendLines, type SendLinesOptions, type Sent } from './send-lines.ts'
import { createSendProgress, type SendProgress } from './send-progress.ts'
import type { Session } from './session.ts'
import { usage } from './usage.ts'

type How = Pick<SendLinesOptions, 'common' | 'envelope'>

/** Sends a file of NDJSON; `-` is stdin. A broken line does not keep the others. */
export async function sendFile(session: Session, queue: Queue, path: string, how: How): Promise<number> {
  const { output, interruption } = session
  const size = path === '-' ? undefined : await sizeOf(path)
  const stopped = new AbortController()
  let code: number = EXIT.ok
  const release = interruption.take((reason, count) => {
    // Nobody reads of the lines any more; they are sent all the same.
    if (reason === 'SIGPIPE') return
    if (count > 1) process.exit(endedBy(reason))
    code = endedBy(reason)
    stopped.abort()
  })
  const progress = createSendProgress(session.terminal, size)
  const counts = { created: 0, duplicate: 0, spooled: 0, failed: 0 }
  const tell = (sent: Sent): void => {
    progress.advance(sent.bytes)
    counts[sent.result?.status ?? 'failed']++
    tellLine(session, sent, progress)
  }
  try {
    const source = path === '-' ? session.terminal.stdin : createReadStream(path)
    await sendLines(queue, ndjsonLines(untilStopped(source, stopped.signal)), { ...how, tell, signal: stopped.signal })
  } finally {
    progress.stop()
    release()
    // The command line has no outbox: what cannot be sent fails.
    const { spooled: _none, ...told } = counts
    const summary = `created ${told.created}, duplicate ${told.duplicate}, failed ${told.failed}`
    if (output.json) output.note(summary)
    else output.record(told, () => summary)
  }
  return code === EXIT.ok && counts.failed > 0 ? EXIT.failed : code
}

async function sizeOf(path: string): Promise<number> {
  const facts = await stat(path).catch((error: unknown) => {
    throw usage(`"${path}" cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  if (facts.isDirectory()) throw usage(`"${path}" is a directory.`)
  return facts.size
}

/** A pipe may say nothing for a long time, so it is cut off; what was read before is still sent. */
async function* untilStopped(source: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* addAbortSignal(signal, source) as AsyncIterable<Buffer>
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** With JSON every line of the input has its record; for people, only what failed is worth a line. */
function tellLine({ output, terminal }: Session, { line, result, error }: Sent, progress: SendProgress): void {
  if (result) {
    if (output.json) output.record({ line, ...result }, String)
    return
  }
  progress.clear()
  if (output.json) output.record({ line, status: 'failed', error: failureFacts(error) }, String)
  reportFailure(error, terminal, { json: output.json })
}
