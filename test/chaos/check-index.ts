import { PARKED } from '../../src/store/store.ts'
import type { Facts, Finding, QueueFacts } from './facts.ts'
import { indexFaults } from './rules.ts'

/** The sets are an index of the hashes: each message is in the set of its state and in no other, and no member is without its message. */
export function checkIndex({ queues }: Facts): Finding[] {
  return [...queues].flatMap(([name, queue]) => [
    ...checkMembers(queue),
    ...checkScores(queue),
    ...checkStrays(name, queue),
  ])
}

function checkMembers({ sets, messages }: QueueFacts): Finding[] {
  const states = new Map([...messages].map(([id, { state }]) => [id, state]))
  const members = new Map([...sets].map(([state, scores]) => [state, [...scores.keys()]]))
  return [...indexFaults(states, members)].map(([id, what]) => drift(id, what))
}

function* checkScores({ sets, messages }: QueueFacts): Generator<Finding> {
  for (const [id, message] of messages) {
    const score = sets.get(message.state)?.get(id)
    if (score !== undefined && message.owner === undefined && !isRightScore(score, message))
      yield drift(id, `its score is ${score}`)
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
