import type { StoredMessage } from '../../src/store/store.ts'
import type { Step, Witnesses } from './checker.ts'
import type { Facts, Finding, Kind } from './facts.ts'
import { replay, type Replay } from './replay.ts'
import { actionFaults, chainFaults } from './rules.ts'
import { machineInput, machineOf, numberOf, planOf, queueOf, resultOf } from './workload.ts'

interface Verdict {
  readonly findings: readonly Finding[]
  readonly lateness: readonly number[]
  readonly duplicateExecutions: number
  readonly rolledBack: boolean
}

/** A message that nobody has claimed this long after it was due, on an idle system, is not on its way any more. */
const OVERDUE = 5000

/** The whole life of one message: each that was answered reaches its end once, by steps that its machine allows. */
export function checkMessage(facts: Facts, id: string, steps: readonly Step[], seen: Witnesses): Verdict {
  const queue = facts.queues.get(queueOf(id))
  const stored = queue?.messages.get(id)
  const findings: Finding[] = []
  const find = (kind: Kind, what: string): void => void findings.push({ kind, id, what })
  const lives = livesOf(steps)
  const promised = seen.acks.some(({ confirmed = 0 }) => facts.promised === 'answered' || confirmed > 0)
  const answered = seen.acks.length > 0
  if (promised && lives.length === 0) find('lost', 'it was answered, and nothing of it is there')
  if (lives.length > seen.tries)
    find('doubleCommitted', `it was sent ${seen.tries} times and began ${lives.length} times`)
  if (lives.length > 1 && stored && queueOf(id) !== 'fleeting')
    find('doubleCommitted', 'it began again while it was there')
  checkRevisions(steps, stored, find)
  const told = { ends: 0, marks: [] as string[], lateness: [] as number[] }
  lives.forEach((life, i) => {
    const last = i === lives.length - 1
    for (const fault of chainFaults(life.map(({ transition }) => transition))) find('illegal', fault)
    const end = follow(facts, id, life, last ? stored : undefined, told, find)
    if (!end) return
    if (!last && !end.settled) find('illegal', `it began again out of "${end.state}"`)
    if (last) checkEnd(facts, id, end, stored, find)
  })
  if (facts.promised === 'answered' && told.ends > seen.starts.length)
    find('illegal', `${told.ends} results were taken of ${seen.starts.length} runs of its handlers`)
  checkMarks(facts, told.marks, seen.marks, find)
  return {
    findings,
    lateness: told.lateness,
    duplicateExecutions: Math.max(0, seen.starts.length - told.ends),
    rolledBack: answered && !promised && lives.length === 0,
  }
}

/** What is removed with its last step may be sent again, and begins anew. */
function livesOf(steps: readonly Step[]): Step[][] {
  const lives: Step[][] = []
  for (const step of steps) {
    if (step.transition.event === 'init' || lives.length === 0) lives.push([])
    lives.at(-1)!.push(step)
  }
  return lives
}

/** One commit has one fence, and makes one revision: all its steps are in one entry of the feed. */
function checkRevisions(steps: readonly Step[], stored: StoredMessage | undefined, find: Find): void {
  let last: { revision: number; position: string } | undefined
  for (const { position, transition } of steps) {
    const { revision, event } = transition
    const grows = !last || event === 'init' || revision > last.revision
    const sameCommit = last?.revision === revision && last.position === position
    if (!grows && !sameCommit)
      find(
        'doubleCommitted',
        `"${event}" made revision ${revision} at ${position}, after ${last!.revision} at ${last!.position}`,
      )
    last = { revision, position }
  }
  if (stored && last && stored.revision < last.revision)
    find('illegal', `its revision is ${stored.revision}, and ${last.revision} was committed`)
}

type Find = (kind: Kind, what: string) => void
type Told = { ends: number; readonly marks: string[]; readonly lateness: number[] }

/** Takes one life through XState. Times are those of the journal, which each script stamps, where it is kept; a position of the feed never goes back. */
function follow(
  facts: Facts,
  id: string,
  life: readonly Step[],
  stored: StoredMessage | undefined,
  told: Told,
  find: Find,
): Replay | undefined {
  const stamps = new Map(stored?.journal.map(({ seq, at }) => [seq, at]))
  const times = life.map(({ transition }, i) => stamps.get(i) ?? transition.at)
  if (stored && stored.journal.length !== Math.min(life.length, 100))
    find('illegal', `its journal has ${stored.journal.length} lines for ${life.length} steps`)
  const plan = planOf(facts.seed, numberOf(id))
  const machine = machineOf(plan.queue, (_, name) => told.marks.push(name))
  const begun = replay(machine, machineInput(plan), life[0]!.transition, times[0]!)
  if (typeof begun === 'string') {
    find('illegal', begun)
    return undefined
  }
  for (const [i, { transition }] of life.entries()) {
    if (i === 0) continue
    const { wrong, late } = begun.take(transition, times[i]!)
    if (wrong !== undefined) {
      find('illegal', wrong)
      return undefined
    }
    if (late !== undefined) told.lateness.push(late)
    const known = stamps.has(i) || facts.setBack === undefined
    if (late !== undefined && known && late < -(facts.setBack ?? 0))
      find('earlyTimers', `"${transition.event}" came ${-late} ms early`)
    if (isResult(transition.event, transition.error?.code)) told.ends++
    const { output } = transition
    if (output !== undefined && output !== resultOf(id, 'handler'))
      find('illegal', `its result is ${JSON.stringify(output)}`)
  }
  return begun
}

/** A step that took what a handler made; that of a child machine is none of a handler's. */
const isResult = (event: string, code: string | number | undefined): boolean =>
  /^(done|error) /.test(event) && event !== 'done payment' && code !== 'E_LEASE_LOST'

/** Where it rests, or that it is due. */
function checkEnd(facts: Facts, id: string, end: Replay, stored: StoredMessage | undefined, find: Find): void {
  const removed = queueOf(id) === 'fleeting' && end.state === 'succeeded'
  if (!stored) {
    if (!removed) find('lost', `it is gone in "${end.state}"`)
    return
  }
  if (removed) return find('illegal', 'it was removed, and is there')
  if (stored.state !== end.state) find('illegal', `its hash says "${stored.state}", its history "${end.state}"`)
  const timers = stored.timers.map(({ due }) => due).toSorted((a, b) => a - b)
  if (JSON.stringify(timers) !== JSON.stringify([...end.timers].toSorted((a, b) => a - b)))
    find('illegal', `its timers are due at ${timers.join()}, by its history at ${end.timers.join()}`)
  const waits = end.running + end.timers.length + stored.inbox.length
  if (end.settled && (stored.owner !== undefined || waits > end.running))
    find('illegal', 'it is at rest, and something is left of it')
  if (end.settled) return
  const due = facts.queues.get(queueOf(id))?.sets.get(stored.state)?.get(id) ?? Infinity
  const parked = waits === 0
  if (!parked && facts.now - due > OVERDUE) find('lost', `it has been due in "${end.state}" for ${facts.now - due} ms`)
  if (!parked && due > facts.now + 60_000) find('lost', `it waits in "${end.state}" for nobody`)
}

/** Each action that a step asked for was run, at least once. */
function checkMarks(facts: Facts, asked: readonly string[], run: readonly string[], find: Find): void {
  for (const fault of actionFaults(asked, run)) find('illegal', fault)
  const surplus = facts.promised === 'answered' ? run.filter((name) => !asked.includes(name)) : []
  if (surplus.length > 0) find('illegal', `actions were run that no step asked for: ${surplus.join(', ')}`)
}
