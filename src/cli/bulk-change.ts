import type { Queue } from '../client/queue.ts'
import type { OperationOutcome } from '../client/steering/deed.ts'
import type { OperationRequest } from '../client/steering/operation-request.ts'
import { actorName } from './actor.ts'
import { EXIT, failureFacts, reportFailure } from './failure.ts'
import { printable } from './printable.ts'
import type { Session } from './session.ts'

/** Does to many messages what a verb is about, as one operation: at a rate, each looked at before its turn, and noted in the audit. */
export async function operateOn(session: Session, queue: Queue, request: OperationRequest): Promise<number> {
  const done = request.action === 'remove' ? 'deleted' : 'delivered'
  const operation = await queue.operate(
    { ...request, actor: actorName() },
    { onEach: (outcome) => tell(session, outcome, done) },
  )
  const { state, matching, failed, error } = await operation.finished
  if (state === 'failed') throw error ?? new Error('the operation failed')
  const { output } = session
  if (matching === 0) output.note(`no messages to ${request.action} in "${queue.name}"`)
  else if (request.action === 'remove')
    output.note(`for an hour: redrive undo ${printable(queue.name)} ${operation.id} brings them back`)
  return failed > 0 ? EXIT.failed : EXIT.ok
}

function tell({ output, terminal }: Session, { id, status, why, error }: OperationOutcome, done: string): void {
  const told = status === 'done' ? done : status
  const reason = why === undefined ? '' : `: ${printable(why)}`
  const facts = {
    id,
    status: told,
    ...(why === undefined ? {} : { why }),
    ...(error ? { error: failureFacts(error) } : {}),
  }
  output.record(facts, () => `${printable(id)}  ${told}${reason}`)
  if (error) reportFailure(error, terminal, { json: output.json })
}
