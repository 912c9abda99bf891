import { nearest, RedriveError } from '../errors.ts'
import { MAX_DURATION, show } from '../options.ts'
import { carry, type Carried, type PendingTimer, type TimerSlot } from './carry-timers.ts'

/**
 * What `migrate` wants of a pending timer: `'keep'` its due time, `'restart'` it, let it go on under another name, or be due at another
 * time, in milliseconds since 1970.
 */
export type TimerFate =
  | 'keep'
  | 'restart'
  | (string & {})
  | number
  | { readonly as?: string; readonly due?: number | Date }

/** What becomes of the timers of a message that `migrate` has moved. */
export interface TimerPlan {
  readonly carried: Carried
  /** Due times that are not as before. */
  readonly dues: ReadonlyMap<PendingTimer, number>
  /** Timers that stay though no state has them: some state hears of their events. */
  readonly kept: ReadonlySet<PendingTimer>
}

interface Wish {
  readonly what: 'keep' | 'restart'
  readonly as: string | undefined
  readonly due: number | undefined
}

/**
 * @param given what `migrate` returned as `timers`, by the name of a delay or the whole id of a timer
 * @throws RedriveError `E_STEP_FAILED` for a name that is none, and a wish that cannot be fulfilled
 */
export function planTimers(
  pending: readonly PendingTimer[],
  slots: readonly TimerSlot[],
  given: unknown,
  hears: (timer: PendingTimer) => boolean,
): TimerPlan {
  const wishes = readWishes(given)
  const wishOf = new Map(pending.flatMap((timer) => wishFor(wishes, timer)))
  const renamed = new Map<PendingTimer, TimerSlot>()
  for (const [timer, { as }] of wishOf) if (as !== undefined) renamed.set(timer, slotNamed(timer, as, slots))
  const free = slots.filter((slot) => ![...renamed.values()].includes(slot))
  const others = pending.filter((timer) => !renamed.has(timer) && wishOf.get(timer)?.what !== 'restart')
  const carried = new Map([...renamed, ...carry(others, free, true)])
  const dues = new Map<PendingTimer, number>()
  const kept = new Set<PendingTimer>()
  for (const [timer, { what, due }] of wishOf) {
    if (due !== undefined) dues.set(timer, due)
    if (what === 'restart' || carried.has(timer)) continue
    if (!hears(timer) || due !== undefined) throw noSlot(timer.name, slots)
    kept.add(timer)
  }
  const ended = pending.some((timer) => !carried.has(timer) && !kept.has(timer))
  checkNames(wishes, pending, slots, ended)
  return { carried, dues, kept }
}

function readWishes(given: unknown): Map<string, Wish> {
  if (given === undefined) return new Map()
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw failure(`migrate returned the timers ${show(given)}: return them by name, such as { reminder: 'keep' }`)
  return new Map(Object.entries(given).map(([name, wish]) => [name, readWish(name, wish)]))
}

function readWish(name: string, given: unknown): Wish {
  if (given === 'keep' || given === 'restart') return { what: given, as: undefined, due: undefined }
  if (typeof given === 'string') return { what: 'keep', as: given, due: undefined }
  if (typeof given === 'number' || given instanceof Date)
    return { what: 'keep', as: undefined, due: readDue(name, given) }
  const { as, due, ...unknown } = (typeof given === 'object' && given !== null ? given : { given }) as Record<
    string,
    unknown
  >
  if (Object.keys(unknown).length > 0 || (as !== undefined && typeof as !== 'string'))
    throw failure(
      `migrate returned ${show(given)} for the timer "${name}": return 'keep', 'restart', the name of another, or { as, due }`,
    )
  return { what: 'keep', as, due: due === undefined ? undefined : readDue(name, due) }
}

function readDue(name: string, given: unknown): number {
  const due = given instanceof Date ? given.getTime() : given
  // A number that is far off is a duration, or seconds.
  if (typeof due === 'number' && due > MAX_DURATION && due < 100 * MAX_DURATION) return Math.round(due)
  throw failure(
    `migrate returned ${show(given)} as the due time of "${name}": return a Date, or milliseconds since 1970 such as Date.now() + 60_000`,
  )
}

/** By its own key, its whole id or the name of its delay, whichever says most. */
function wishFor(wishes: ReadonlyMap<string, Wish>, timer: PendingTimer): [PendingTimer, Wish][] {
  const wish = wishes.get(timer.key) ?? wishes.get(timer.id) ?? wishes.get(timer.name)
  return wish ? [[timer, wish]] : []
}

function slotNamed(timer: PendingTimer, as: string, slots: readonly TimerSlot[]): TimerSlot {
  const named = slots.filter(
    ({ id, name, path }) => (id === as || name === as) && path.join('/') === timer.path.join('/'),
  )
  const [only, ...others] = named
  if (!only) throw noSlot(as, slots)
  if (others.length > 0)
    throw failure(
      `several states have a timer "${as}": say which by its whole id, ${named.map(({ id }) => `"${id}"`).join(' or ')}`,
    )
  return only
}

function checkNames(
  wishes: ReadonlyMap<string, Wish>,
  pending: readonly PendingTimer[],
  slots: readonly TimerSlot[],
  ended: boolean,
): void {
  const names = [
    ...pending.flatMap(({ key, id, name }) => [name, id, key]),
    ...slots.flatMap(({ id, name }) => [name, id]),
  ]
  for (const name of wishes.keys()) {
    if (names.includes(name)) continue
    const near = nearest(name, names)
    // The timers of other states may be named for all messages alike; where nothing is lost here, nothing is wrong.
    if (near === undefined && !ended) continue
    const has = [...new Set(pending.map((timer) => timer.name))].join(', ') || 'none'
    throw failure(
      `migrate names the timer "${name}", which the message does not have. ${near ? `Did you mean "${near}"?` : `It has: ${has}`}`,
    )
  }
}

function noSlot(name: string, slots: readonly TimerSlot[]): RedriveError {
  const names = [...new Set(slots.map((slot) => slot.name))]
  const near = nearest(name, names)
  const has = names.length === 0 ? 'It has none' : `It has: ${names.join(', ')}`
  return failure(
    `the state that migrate returned has no timer "${name}". ${near === undefined ? has : `Did you mean "${near}"?`}`,
  )
}

const failure = (message: string): RedriveError =>
  new RedriveError('E_STEP_FAILED', message.endsWith('?') ? message : `${message}.`)
