import { decode } from '../codec.ts'
import { mailText } from '../events/mail-text.ts'
import type { StateValue } from 'xstate'
import { QUARANTINED, type ClaimedMessage, type CommitEntry, type StoredMessage } from '../store/store.ts'
import { advance, type AdvanceSettings } from './advance.ts'
import { RELEASE, revive, type Revived } from './claimed.ts'
import { quarantineEntry } from './quarantine.ts'
import { readable } from '../unreadable.ts'
import { FIELD } from './snapshot.ts'
import { stateName } from './state-name.ts'
import type { Versions } from './versions.ts'

/**
 * What becomes of a stored message when a worker with these versions next meets it. It `runs` in its own version; `moves` to the
 * current one; is `left` to workers that know its newer version; or is `orphaned`: put aside, because nothing here fits it. Of those
 * that were put aside before, one is `releasable` when a release would let it go on, and `stuck` when it would only come back. A
 * `finished` one needs no code any more.
 */
export type Fate =
  | { readonly what: 'finished' | 'runs' | 'left' }
  | (Change & { readonly what: 'moves' })
  | (Change & { readonly what: 'releasable'; readonly reason: string })
  | { readonly what: 'orphaned' | 'stuck'; readonly reason: string }

/** Where a message goes, and which timers and invocations begin and end with that, by their ids. */
interface Change {
  readonly to: string
  readonly begins: readonly string[]
  readonly ends: readonly string[]
  /** Timers that go on with their due times; one that goes by another id from then on is told as `before as after`. */
  readonly keeps: readonly string[]
}

/** Messages of one version in one state that go the same way. */
export interface PopulationGroup {
  /** `id@version#fingerprint` */
  readonly machine: string
  /** The state that they are in; of those in quarantine, the one that they were in. */
  readonly state: string
  readonly fate: Fate['what']
  readonly count: number
  /** The state to which they move. */
  readonly to?: string
  /** How many of them begin and end which timers and invocations with the move. */
  readonly begins: Readonly<Record<string, number>>
  readonly ends: Readonly<Record<string, number>>
  /** How many of them keep which timers, with their due times. */
  readonly keeps: Readonly<Record<string, number>>
  /** Why they are put aside, the first few reasons, each with the id of one message. */
  readonly reasons: readonly { readonly reason: string; readonly count: number; readonly example: string }[]
  /** The id of one of them. */
  readonly example: string
}

/** By the very steps that a worker would take, so that the two cannot disagree. Nothing is written, and no action is run. */
export function fateOf(versions: Versions, stored: StoredMessage, now: number): Fate {
  if (isFinished(stored)) return { what: 'finished' }
  const aside = stored.fields[FIELD.quarantine]
  const claimed = asClaimed(stored, aside !== undefined, now)
  const fate = aside === undefined ? fateOfLive : fateOfAside
  try {
    return fate(revive(versions, claimed, now), claimed)
  } catch (cause) {
    const entry = quarantineEntry(claimed, { type: 'restore' }, cause, SETTINGS.worker)
    return { what: aside === undefined ? 'orphaned' : 'stuck', reason: reasonIn(entry) }
  }
}

const SETTINGS: AdvanceSettings = { worker: 'rehearsal', journal: 1, removes: () => false }

/** A finished message is met once more only while its last actions have not run. */
const isFinished = ({ fields }: StoredMessage): boolean =>
  fields[FIELD.status] !== undefined && !Object.keys(fields).some((field) => field.startsWith(FIELD.action))

/** One in quarantine is looked at as if it were just released. */
function asClaimed(stored: StoredMessage, released: boolean, now: number): ClaimedMessage {
  const inbox = released ? [...stored.inbox, mailText({ type: RELEASE })] : stored.inbox
  // A claim counts it up.
  const revision = stored.revision + 1
  return { ...stored, revision, inbox, fence: `${revision}:`, dueAt: now }
}

function fateOfLive(revived: Revived): Fate {
  if (typeof revived === 'string') return { what: 'left' }
  const [first] = revived.stimuli
  if (first?.type !== 'moved') return { what: 'runs' }
  // What a migration returned may still be impossible to store.
  const { entry } = advance(revived.message, [first], SETTINGS)
  if (entry.state === QUARANTINED) return { what: 'orphaned', reason: reasonIn(entry) }
  return { what: 'moves', ...changeOf(revived) }
}

/** It was put aside by a fault of its machine as often as by a version: what waits for it is taken too. */
function fateOfAside(revived: Revived, { fields }: ClaimedMessage): Fate {
  if (typeof revived === 'string') return { what: 'left' }
  const { entry } = advance(revived.message, revived.stimuli, SETTINGS)
  if (entry.state === QUARANTINED) return { what: 'stuck', reason: reasonIn(entry) }
  return { what: 'releasable', reason: reasonOf(fields[FIELD.quarantine] ?? ''), ...changeOf(revived) }
}

function changeOf({ message, stimuli }: Exclude<Revived, string>): Change {
  const [first] = stimuli
  if (first?.type !== 'moved') return { to: message.state, begins: [], ends: [], keeps: [] }
  const { effects, snapshot } = first
  const carried = effects.flatMap((effect) => (effect.type === 'timer.set' && effect.was !== undefined ? effect : []))
  const ended = effects.flatMap((effect) => (effect.type === 'timer.cancel' ? (effect.id ?? []) : []))
  return {
    to: stateName(snapshot.value as StateValue),
    begins: effects.flatMap((effect) =>
      (effect.type === 'timer.set' && effect.was === undefined) || effect.type === 'invoke' ? (effect.id ?? []) : [],
    ),
    ends: [
      ...ended.filter((id) => !carried.some(({ was }) => was === id)),
      ...effects.flatMap((effect) => (effect.type === 'stop' ? effect.id : [])),
    ],
    keeps: [...message.timers.values()].flatMap(({ id: key, due }) => {
      const now = carried.find(({ was }) => was === key)
      if (!now) return ended.includes(key) ? [] : key
      const name = `${now.at ?? ''}${now.id}`
      return `${key}${name === key ? '' : ` as ${name}`}${now.due === due ? '' : ', at another time'}`
    }),
  }
}

const reasonIn = ({ changes }: CommitEntry): string =>
  reasonOf(changes.find(({ field }) => field === FIELD.quarantine)?.value ?? '')

const reasonOf = (quarantine: string): string => kept(quarantine, 'reason')
const placeOf = (quarantine: string): string => kept(quarantine, 'state')

/** Another program may have written anything there. */
function kept(quarantine: string, name: 'reason' | 'state'): string {
  const facts = readable(quarantine, decode) as { readonly [fact: string]: unknown } | null
  const value = facts?.[name]
  return typeof value === 'string' ? value : ''
}

/** Adds messages up by version, state and fate. */
export interface Tally {
  add(stored: StoredMessage, fate: Fate): void
  groups(): PopulationGroup[]
}

interface Counting {
  readonly machine: string
  readonly state: string
  readonly fate: Fate['what']
  readonly to: string | undefined
  readonly example: string
  count: number
  readonly begins: Map<string, number>
  readonly ends: Map<string, number>
  readonly keeps: Map<string, number>
  readonly reasons: Map<string, { count: number; readonly example: string }>
}

/** A reason can hold what is a message's own, so there may be as many as messages. */
const MAX_REASONS = 10

export function createTally(): Tally {
  const groups = new Map<string, Counting>()
  return {
    add(stored, fate) {
      const { id, fields } = stored
      const machine = fields[FIELD.machine] ?? ''
      const aside = fields[FIELD.quarantine]
      const state = aside === undefined ? stored.state : placeOf(aside)
      const to = 'to' in fate ? fate.to : undefined
      const key = JSON.stringify([machine, state, fate.what, to])
      const group = groups.get(key) ?? newGroup({ machine, state, fate: fate.what, to, example: id })
      groups.set(key, group)
      group.count++
      if ('to' in fate) {
        for (const change of ['begins', 'ends', 'keeps'] as const)
          for (const each of fate[change]) group[change].set(each, (group[change].get(each) ?? 0) + 1)
      }
      if ('reason' in fate) addReason(group, fate.reason, id)
    },
    groups: () => [...groups.values()].map(finish).toSorted(byPlace),
  }
}

const newGroup = (facts: Pick<Counting, 'machine' | 'state' | 'fate' | 'to' | 'example'>): Counting => ({
  ...facts,
  count: 0,
  begins: new Map(),
  ends: new Map(),
  keeps: new Map(),
  reasons: new Map(),
})

function addReason({ reasons }: Counting, reason: string, example: string): void {
  const known = reasons.get(reason)
  if (known) known.count++
  else if (reasons.size < MAX_REASONS) reasons.set(reason, { count: 1, example })
}

const finish = ({ to, begins, ends, keeps, reasons, ...facts }: Counting): PopulationGroup => ({
  ...facts,
  ...(to === undefined ? {} : { to }),
  begins: Object.fromEntries(begins),
  ends: Object.fromEntries(ends),
  keeps: Object.fromEntries(keeps),
  reasons: [...reasons].map(([reason, seen]) => ({ reason, ...seen })),
})

function byPlace(a: PopulationGroup, b: PopulationGroup): number {
  const order = (group: PopulationGroup): string => JSON.stringify([group.machine, group.state, group.fate, group.to])
  return order(a) < order(b) ? -1 : 1
}
