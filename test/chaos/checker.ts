import type { Transition } from '../../src/index.ts'
import { checkIndex } from './check-index.ts'
import { checkMessage } from './check-message.ts'
import { checkSignals } from './check-signals.ts'
import type { Facts, Finding, Report } from './facts.ts'
import type { Entry } from './record-file.ts'

/** What the processes wrote down of one message. */
export interface Witnesses {
  readonly tries: number
  readonly acks: readonly Extract<Entry, { t: 'ack' }>[]
  readonly notes: readonly Extract<Entry, { t: 'note' }>[]
  readonly starts: readonly Extract<Entry, { t: 'start' }>[]
  readonly marks: readonly string[]
}

/** Its transitions, each with the entry of the feed that it came in. */
export interface Step {
  readonly position: string
  readonly transition: Transition
}

/**
 * Judges a run by what was written down: the feed, which the scripts write together with the state; the state that is left; and what
 * producers and workers noted on their own disks. It asks nobody and changes nothing.
 */
export function check(facts: Facts): Report {
  const witnesses = bear(facts.records)
  const histories = trace(facts)
  const findings: Finding[] = []
  const lateness: number[] = []
  let duplicateExecutions = 0
  let rolledBack = 0
  let messages = 0
  for (const id of new Set([...witnesses.keys(), ...histories.keys()])) {
    const seen = witnesses.get(id) ?? NOTHING
    const steps = histories.get(id) ?? []
    const verdict = checkMessage(facts, id, steps, seen)
    findings.push(...verdict.findings, ...checkSignals(facts, id, steps, seen))
    for (const late of verdict.lateness) lateness.push(late)
    duplicateExecutions += verdict.duplicateExecutions
    if (seen.acks.length > 0) messages++
    if (verdict.rolledBack) rolledBack++
  }
  findings.push(...checkIndex(facts))
  return { messages, findings, duplicateExecutions, rolledBack, lateness: lateness.toSorted((a, b) => a - b) }
}

const NOTHING: Witnesses = { tries: 0, acks: [], notes: [], starts: [], marks: [] }

function bear(records: readonly Entry[]): Map<string, Witnesses> {
  const all = new Map<string, { tries: number; acks: Entry[]; notes: Entry[]; starts: Entry[]; marks: string[] }>()
  for (const entry of records) {
    let one = all.get(entry.id)
    if (!one) all.set(entry.id, (one = { tries: 0, acks: [], notes: [], starts: [], marks: [] }))
    if (entry.t === 'try') one.tries++
    else if (entry.t === 'ack') one.acks.push(entry)
    else if (entry.t === 'note') one.notes.push(entry)
    else if (entry.t === 'start') one.starts.push(entry)
    else one.marks.push(entry.name)
  }
  return all as unknown as Map<string, Witnesses>
}

function trace({ queues }: Facts): Map<string, Step[]> {
  const histories = new Map<string, Step[]>()
  for (const { feed } of queues.values()) {
    for (const { position, transitions } of feed) {
      for (const transition of transitions) {
        const steps = histories.get(transition.id)
        if (steps) steps.push({ position, transition })
        else histories.set(transition.id, [{ position, transition }])
      }
    }
  }
  return histories
}
