import { NOTES } from './charts.ts'
import type { Step, Witnesses } from './checker.ts'
import type { Facts, Finding } from './facts.ts'
import { noteFaults } from './rules.ts'
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
    const told = answered.map(({ number, confirmed = 0 }) => ({
      number,
      promised: facts.promised === 'answered' || confirmed > 0,
    }))
    // What was not answered at once was sent again, and may have come behind others.
    const clean = answered.length === NOTES.each && answered.every((note) => note.clean)
    const ordered = new Set(clean ? numbers : [])
    for (const fault of noteFaults({ taken: numbers, told, ordered })) find(`${fault}, of ${sender}`)
  }
  return findings
}
