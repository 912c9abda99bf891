import { PARKED } from '../../src/store/store.ts'
import type { Facts, Finding, QueueFacts } from './facts.ts'

/** The sets are an index of the hashes: each message is in the set of its state and in no other, and no member is without its message. */
export function checkIndex({ queues }: Facts): Finding[] {
  return [...queues].flatMap(([name, queue]) => [
    ...checkMembers(queue),
    ...checkMessages(queue),
    ...checkStrays(name, queue),
  ])
}

function* checkMembers({ sets, messages }: QueueFacts): Generator<Finding> {
  for (const [state, members] of sets) {
    for (const id of members.keys()) {
      const message = messages.get(id)
      if (!message) yield drift(id, `the set of "${state}" has it, and it is not there`)
      else if (message.state !== state) yield drift(id, `it is in "${message.state}", and in the set of "${state}"`)
    }
  }
}

function* checkMessages({ sets, messages }: QueueFacts): Generator<Finding> {
  for (const [id, message] of messages) {
    const score = sets.get(message.state)?.get(id)
    if (score === undefined) yield drift(id, `the set of its state "${message.state}" does not have it`)
    else if (message.owner === undefined && !isRightScore(score, message)) yield drift(id, `its score is ${score}`)
  }
}

/** That of a message which nobody has: its earliest timer, or soon for what waits, or parked. */
function isRightScore(
  score: number,
  { timers, inbox, fields }: { timers: readonly { due: number }[]; inbox: readonly string[]; fields: object },
): boolean {
  const running = Object.keys(fields).some((field) => /^[IA]/.test(field))
  if (running || inbox.length > 0) return score < PARKED
  if (timers.length === 0) return score >= PARKED
  return score === Math.min(...timers.map(({ due }) => due))
}

const checkStrays = (queue: string, { strays }: QueueFacts): Finding[] =>
  strays.map((key) => drift(queue, `the key ${key} belongs to no message`))

const drift = (id: string, what: string): Finding => ({ kind: 'indexDrift', id, what })
