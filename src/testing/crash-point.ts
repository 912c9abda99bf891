import { readMark } from '../engine/lease-mark.ts'
import { FIELD } from '../engine/snapshot.ts'
import { nearest, RedriveError } from '../errors.ts'
import { show, toInteger, toOptions } from '../options.ts'
import type { CommitEntry, FieldChange } from '../store/store.ts'

/**
 * Where a worker process can die. Its last act is what stands before the point; nothing behind it happens.
 *
 * - `before-claim`: it is about to take messages that are due.
 * - `after-claim`: they are under its lease, and it does not know.
 * - `before-start-commit`, `after-start-commit`: the step that asks for a handler is about to be written; is written, and the handler not begun.
 * - `in-handler`: the handler has run as far as its first `await`.
 * - `before-commit`, `after-commit`: the result of a handler, or a step that asks for none, is about to be written; is written.
 * - `before-action`: a step with custom actions is written, and none of them begun.
 * - `after-action`: the custom actions of a step have run, and that is about to be noted.
 */
export const CRASH_POINTS = [
  'before-claim',
  'after-claim',
  'before-start-commit',
  'after-start-commit',
  'in-handler',
  'before-commit',
  'after-commit',
  'before-action',
  'after-action',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

export interface CrashOptions {
  /** Only while working on this queue. Default: any. */
  readonly queue?: string
  /** Only while working on this message; before a claim nobody knows which it will be. Default: any. */
  readonly id?: string
  /** Only when the point is reached for the nth time. Default 1. */
  readonly nth?: number
}

/** Where a process died. */
export interface CrashSite {
  readonly queue: string
  /** Messages of the call that it died in. */
  readonly ids: readonly string[]
  readonly worker: string
  /** Milliseconds since 1970, by the simulated clock. */
  readonly at: number
}

/** A crash that was armed. */
export interface Crash {
  readonly point: CrashPoint
  readonly reached: boolean
  readonly site: CrashSite | undefined
  /** Resolves when it happens. */
  readonly happened: Promise<CrashSite>
}

export interface CrashPlan {
  readonly crashes: readonly Crash[]
  /** @throws RedriveError `E_INVALID_OPTION` */
  arm(point: CrashPoint, options?: CrashOptions): Crash
  /** Whether the process that has come to this point dies here. */
  reach(point: CrashPoint, site: CrashSite): boolean
}

interface Armed extends Crash {
  offer(point: CrashPoint, site: CrashSite): boolean
}

export function createCrashPlan(): CrashPlan {
  const crashes: Armed[] = []
  return {
    crashes,
    arm(point, options = {}) {
      checkPoint(point, options)
      const crash = createCrash(point, options)
      crashes.push(crash)
      return crash
    },
    // Each of them counts, also where another one is first.
    reach: (point, site) => crashes.map((crash) => crash.offer(point, site)).includes(true),
  }
}

function createCrash(point: CrashPoint, { queue, id, nth = 1 }: CrashOptions): Armed {
  let left = toInteger(nth, 'nth', { min: 1 })
  let site: CrashSite | undefined
  let happen: (site: CrashSite) => void = () => {}
  const happened = new Promise<CrashSite>((resolve) => {
    happen = resolve
  })
  return {
    point,
    happened,
    get reached() {
      return site !== undefined
    },
    get site() {
      return site
    },
    offer(reached, at) {
      if (reached !== point || (queue ?? at.queue) !== at.queue) return false
      if (id !== undefined && !at.ids.includes(id)) return false
      if (--left !== 0) return false
      site = at
      happen(at)
      return true
    },
  }
}

function checkPoint(point: string, options: CrashOptions): void {
  const { id } = toOptions(options, 'crashAt()', { queue: true, id: true, nth: true })
  if (!CRASH_POINTS.some((known) => known === point)) {
    const near = nearest(point, CRASH_POINTS)
    throw new RedriveError(
      'E_INVALID_OPTION',
      `there is no crash point ${show(point)}.${near ? ` Did you mean "${near}"?` : ''} Points: ${CRASH_POINTS.join(', ')}.`,
      { path: 'point' },
    )
  }
  if (point === 'before-claim' && id !== undefined) {
    throw new RedriveError(
      'E_INVALID_OPTION',
      'before a claim nobody knows which messages it will take: arm "before-claim" for a queue, or "after-claim" for a message.',
      { path: 'id' },
    )
  }
}

/** The points that lie before the writing of a step, and those behind it. */
export function pointsOf({ changes }: CommitEntry): Readonly<Record<'before' | 'after', readonly CrashPoint[]>> {
  const of = (kind: string): readonly FieldChange[] => changes.filter(({ field }) => field.startsWith(kind))
  const starts = of(FIELD.invocation).some(({ value, previous }) => runs(value) && !runs(previous))
  const ends = !starts || of(FIELD.invocation).some(({ value }) => value === undefined)
  const asks = of(FIELD.action).some(({ previous }) => previous === undefined)
  const ran = of(FIELD.action).some(({ value }) => value === undefined)
  return {
    before: [
      ...(ran ? ['after-action' as const] : []),
      ...(starts ? ['before-start-commit' as const] : []),
      ...(ends ? ['before-commit' as const] : []),
    ],
    after: [
      ...(starts ? ['after-start-commit' as const] : []),
      ...(ends ? ['after-commit' as const] : []),
      ...(asks ? ['before-action' as const] : []),
    ],
  }
}

/** The text of an invocation says first whether a worker runs it. */
const runs = (text: string | undefined): boolean => text !== undefined && readMark(text).running
