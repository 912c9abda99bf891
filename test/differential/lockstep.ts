import { setImmediate } from 'node:timers/promises'
import { encode } from '../../src/codec.ts'
import type { Advanced } from '../../src/engine/advance.ts'
import { begins } from '../../src/engine/begin.ts'
import { handBack } from '../../src/engine/hand-back.ts'
import type { ClaimedMessage, NewMessage } from '../../src/store/store.ts'
import { activeNodes, type Move } from '../engine/sequences.ts'
import type { Plot } from './ground.ts'
import {
  applyToOriginal,
  compareTold,
  createPlay,
  Difference,
  freshVersions,
  nextAct,
  type Act,
  type Part,
  type Play,
} from './play.ts'
import { compareView, loggedAs, note, quarantineReason, read, stepOf, type Advance } from './step.ts'
import type { Tally } from './tally.ts'

/** One sequence of moves for one machine. */
export interface Script {
  readonly part: Part
  readonly moves: readonly Move[]
}

interface Company {
  readonly plot: Plot
  readonly tally: Tally
  readonly advance: Advance
  readonly byId: Map<string, Play>
}

/**
 * Plays scripts in lockstep: each round gives every message its next blow, with one claim and one commit for all of them. Between two
 * rounds a message is in Redis alone. A machine that ends begins anew with the moves that are left.
 * @throws Error that tells the first difference, and how it came to it.
 */
export async function playTogether(
  plot: Plot,
  scripts: readonly Script[],
  tally: Tally,
  advance: Advance,
): Promise<void> {
  for (let left = scripts; left.length > 0;) {
    const versions = new Map([...new Set(left.map(({ part }) => part))].map((part) => [part, freshVersions(part)]))
    const plays = left.map(({ part, moves }) => createPlay(part, moves, versions.get(part)!))
    const company = { plot, tally, advance, byId: new Map(plays.map((play) => [play.id, play])) }
    await plot.enqueue(plays.map(firstMessage))
    await untilQuiet(company, new Map(plays.map((play) => [play, {}])))
    for (let acting = plays; ;) {
      acting = acting.filter(({ over, moves }) => !over && moves.length > 0)
      if (acting.length === 0) break
      await untilQuiet(company, new Map(acting.map((play) => [play, nextAct(play)])))
    }
    await compareLast(company, plays)
    // One move is used up even by a machine that ends at once.
    left = plays.filter(({ over }) => over !== 'endless').map(({ part, moves }) => ({ part, moves: moves.slice(1) }))
    left = left.filter(({ moves }) => moves.length > 0)
  }
}

function firstMessage(play: Play): NewMessage {
  const { part, id, versions, dues } = play
  const log = (value: unknown, label?: string): void => void play.told.logs.push(loggedAs(value, label))
  const message = begins(versions.current, id, part.input, encode(part.input, 'input'), 'client', { log })
  for (const { nonce, delay } of message.first.timers) dues.set(nonce, delay)
  play.state = message.first.state
  return message
}

/** Takes steps until nothing is due any more, and compares what was told meanwhile. */
async function untilQuiet(company: Company, acts: ReadonlyMap<Play, Act>): Promise<void> {
  const plays = [...acts.keys()]
  for (let left = acts; left.size > 0;) {
    await takeSteps(company, left)
    left = new Map([...left.keys()].filter(({ due, over }) => due && !over).map((play) => [play, {}]))
  }
  for (const { id, emitted = [] } of await company.plot.news()) company.byId.get(id)?.told.emitted.push(...emitted)
  for (const play of plays) {
    if (play.over) continue
    compareTold(play)
    play.expected = play.original.view()
    for (const { id } of activeNodes(play.original.snapshot)) company.tally.states.add(id)
    if (play.original.snapshot.status !== 'active') play.over = 'ended'
  }
}

/** One claim, one commit: every play's message takes its next step, and its original the same. */
async function takeSteps(company: Company, acts: ReadonlyMap<Play, Act>): Promise<void> {
  const { plot, tally, advance } = company
  const events = [...acts].flatMap(([{ id }, { blow }]) =>
    blow?.kind === 'events' ? blow.events.map((event) => ({ id, event })) : [],
  )
  await plot.deliver(events)
  const stored = await fetch(company, acts)
  const steps = [...acts].map(([play, act]) => [play, act, stepOf(play, act, stored.get(play.id)!, advance)] as const)
  await plot.commit(steps.map(([, , { entry }]) => entry))
  for (const [play, act] of steps) applyToOriginal(play, act)
  // Results of actors reach their machine some microtasks later.
  await setImmediate()
  for (const [play, act, advanced] of steps) {
    if (act.blow) tally.steps++
    note(play, advanced, play.original.now)
    if (!play.original.drain()) play.over = 'endless'
    else compareEnd(play, advanced, tally)
    if (play.over === 'endless') tally.endless++
  }
}

/** The messages as a worker gets them: by a claim, or from its own last commit. */
async function fetch({ plot, byId }: Company, acts: ReadonlyMap<Play, Act>): Promise<Map<string, ClaimedMessage>> {
  const plays = [...acts.keys()]
  const stored = await plot.read(plays.filter(({ held }) => held).map(({ id }) => id))
  const returned = plays.filter((play) => acts.get(play)!.handBack && canBeReturned(stored.get(play.id)))
  await plot.commit(returned.map((play) => handBack(read(play, stored.get(play.id)!))))
  for (const play of returned) play.held = false
  const waiting = plays.filter(({ held }) => !held)
  await plot.wake(waiting)
  const claimed = waiting.length > 0 ? await plot.claim() : new Map<string, ClaimedMessage>()
  // A timer may have come due by the clock of Redis: then the message is held from now on, and waits for its turn.
  for (const id of claimed.keys()) {
    const play = byId.get(id)
    if (play && !acts.has(play)) play.held = true
  }
  const missed = waiting.find(({ id }) => !claimed.has(id))
  if (missed) throw new Error(`${missed.part.name}: ${missed.id} in ${missed.state} was not claimed`)
  return new Map([...stored, ...claimed])
}

/** One whose actions run is not given back before they have: they would be run again. */
const canBeReturned = (stored: ClaimedMessage | undefined): boolean =>
  stored !== undefined && !Object.keys(stored.fields).some((field) => field.startsWith('A'))

/** Both must have thrown, or none. */
function compareEnd(play: Play, { entry }: Advanced, tally: Tally): void {
  const reason = quarantineReason(entry)
  if (reason === undefined) return
  const { status, error } = play.original.snapshot
  const isThrown =
    status === 'error' &&
    reason ===
      (error instanceof Error ? `${error.name}: ${error.message}` : `Error: the machine threw ${String(error)}`)
  const { contention = false, sends = false } = play.part.known ?? {}
  const isContended =
    (contention && reason.includes('is no resting place')) || (sends && reason.includes('Unable to send event'))
  if (!isThrown && !isContended) throw new Difference(play, 'fate', `the message was put aside: ${reason}`)
  tally[isThrown ? 'thrown' : 'contended']++
  play.over = 'thrown'
}

async function compareLast({ plot }: Company, plays: readonly Play[]): Promise<void> {
  const compared = plays.filter(({ over }) => over === false || over === 'ended')
  const stored = await plot.read(compared.map(({ id }) => id))
  for (const play of compared) compareView(play, read(play, stored.get(play.id)!))
}
