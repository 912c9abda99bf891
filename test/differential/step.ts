import { decode } from '../../src/codec.ts'
import type { advance, Advanced, AdvanceSettings } from '../../src/engine/advance.ts'
import { revive, stimuliOf } from '../../src/engine/claimed.ts'
import { FIELD, restore, type LiveMessage } from '../../src/engine/snapshot.ts'
import type { Stimulus } from '../../src/engine/stimulus.ts'
import { QUARANTINED, type ClaimedMessage, type CommitEntry } from '../../src/store/store.ts'
import { assertAlike, type Act, type Play } from './play.ts'
import { INLINE, viewOfMessage } from './view.ts'

/** The step under test; another one than the real shows that a fault in it is found. */
export type Advance = typeof advance

const SETTINGS: AdvanceSettings = { worker: 'differential', journal: 4, removes: () => false }

/** A stored message with the timers of its play: due on virtual time, those of one time in the order in which they were set. */
function onVirtualTime<T extends ClaimedMessage>({ dues }: Play, stored: T): T {
  const timers = stored.timers.map((timer) => ({ ...timer, due: dues.get(timer.nonce) ?? NaN }))
  const revision = ({ nonce }: { readonly nonce: string }): number => parseInt(nonce, 36)
  return { ...stored, timers: timers.toSorted((a, b) => a.due - b.due || revision(a) - revision(b)) }
}

/** A message as it lies in the store. */
export const read = (play: Play, stored: ClaimedMessage): LiveMessage =>
  restore(play.versions.current, onVirtualTime(play, stored))

export function compareView(play: Play, message: LiveMessage): void {
  assertAlike(play, 'state', viewOfMessage(message, play.original.now), play.expected)
}

/** Takes the step that a worker would take which has just claimed the message, or has held it since the last one. */
export function stepOf(play: Play, act: Act, stored: ClaimedMessage, advance: Advance): Advanced {
  const now = act.blow?.kind === 'pass' ? act.blow.to : play.original.now
  const { message, stimuli } = play.held ? goOn(play, stored, act, now) : pickUp(play, stored, now)
  if (act.blow) compareView(play, message)
  return advance(message, stimuli, SETTINGS)
}

interface Situation {
  readonly message: LiveMessage
  readonly stimuli: readonly Stimulus[]
}

function pickUp(play: Play, stored: ClaimedMessage, now: number): Situation {
  const revived = revive(play.versions, onVirtualTime(play, stored), now)
  if (typeof revived === 'string') throw new Error(`${play.part.name}: a claimed message is ${revived}`)
  return revived
}

/** The holder knows that what it runs still runs, and has run the actions of the step before. */
function goOn(play: Play, stored: ClaimedMessage, { blow }: Act, now: number): Situation {
  const message = read(play, stored)
  const ran: Stimulus = { type: 'ran', nonces: [...message.actions.keys()] }
  const due = stimuliOf({ ...message, invocations: new Map() }, now)
  if (blow?.kind !== 'end') return { message, stimuli: [ran, ...due] }
  const nonce = message.invocations.get(blow.child)?.nonce ?? 'none'
  const { ending } = blow
  const end: Stimulus = 'error' in ending ? { type: 'error', nonce, ...ending } : { type: 'done', nonce, ...ending }
  return { message, stimuli: [ran, end, ...due] }
}

/** Notes what a committed step did. */
export function note(play: Play, { entry, message, actions, effects }: Advanced, now: number): void {
  const { told, dues } = play
  play.state = entry.state
  play.held = entry.disposal === 'keep'
  for (const { nonce, delay } of entry.setTimers) dues.set(nonce, now + delay)
  play.due = [...message.timers.values()].some(({ nonce }) => (dues.get(nonce) ?? NaN) <= now)
  told.actions.push(
    ...actions.map(({ name, params }) => ({ name: /(^|\/)inline:/.test(name) ? INLINE : name, params })),
  )
  for (const effect of effects) if (effect.type === 'log') told.logs.push(loggedAs(effect.value, effect.label))
}

/** What XState hands to its logger. */
export const loggedAs = (value: unknown, label: string | undefined): unknown[] =>
  label === undefined ? [value] : [label, value]

/** Why a message was put aside, when it was. */
export function quarantineReason({ state, changes }: CommitEntry): string | undefined {
  if (state !== QUARANTINED) return undefined
  const { value = '{}' } = changes.find(({ field }) => field === FIELD.quarantine) ?? {}
  return (decode(value) as { reason?: string }).reason ?? ''
}
