import { NOTES } from './charts.ts'
import type { Step, Witnesses } from './checker.ts'
import type { Facts, Finding } from './facts.ts'
import { queueOf } from './workload.ts'

/** Each note that was answered was taken once, and those of one sender in their order. */
export function checkSignals(facts: Facts, id: string, steps: readonly Step[], seen: Witnesses): Finding[] {
  if (queueOf(id) !== 'ordered') return []
  const findings: Finding[] = []
  const find = (what: string): void => void findings.push({ kind: 'signalsLost', id, what })
  const taken = steps
    .flatMap(({ transition }) => transition.emitted ?? [])
    .map(({ sender, number }) => ({ sender: String(sender), number: Number(number) }))
  for (const sender of NOTES.senders) {
    const numbers = taken.filter((note) => note.sender === sender).map(({ number }) => number)
    const answered = seen.notes.filter((note) => note.sender === sender)
    for (const { number, confirmed = 0 } of answered) {
      const times = numbers.filter((other) => other === number).length
      const promised = facts.promised === 'answered' || confirmed > 0
      if (times > 1) find(`note ${number} of ${sender} was taken ${times} times`)
      if (times === 0 && promised) find(`note ${number} of ${sender} was answered and not taken`)
    }
    const inOrder = numbers.every((number, i) => i === 0 || numbers[i - 1]! < number)
    const clean = answered.length === NOTES.each && answered.every((note) => note.clean)
    if (clean && !inOrder) find(`the notes of ${sender} were taken as ${numbers.join(', ')}`)
  }
  return findings
}
