import type { Clock } from '../../clock.ts'
import { RedriveError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { Operation, OperationProgress } from './operation.ts'

/** What an operation tells of itself, for all processes. Times are by the clock of Redis. */
export interface OperationReport extends OperationFacts, Omit<OperationProgress, 'error'> {
  readonly startedAt: number
  readonly seenAt: number
  readonly endedAt: number | null
  readonly error?: { readonly code?: string; readonly message: string }
  /** What it removed was brought back. */
  readonly undone?: true
}

export interface OperationFacts {
  readonly id: string
  readonly queue: string
  readonly action: string
  readonly actor: string
}

export interface OperationReporter {
  /** Tells of it until its end, and ends it when somebody elsewhere asks for that. */
  follow(operation: Operation): void
  end(progress: OperationProgress): Promise<void>
}

/** Between two reports, in milliseconds. */
const EVERY = 500
/** An operation that has been silent for so long has ended with its process. */
const SILENCE = 10_000
/** Ended ones that are kept. */
const KEPT = 100

/** Resolves when the operation is known to all. `now` is the store's clock at this moment. */
export async function reportOperation(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  facts: OperationFacts,
  { matching, now }: { readonly matching: number; readonly now: number },
): Promise<OperationReporter> {
  const ahead = now - clock.now()
  const told = async (progress: OperationProgress, endedAt: number | null): Promise<boolean> => {
    const seenAt = clock.now() + ahead
    const { error, ...rest } = progress
    const report: OperationReport = { ...facts, ...rest, ...errorOf(error), startedAt: now, seenAt, endedAt }
    return store.tellOperation(facts.id, JSON.stringify(report))
  }
  let over = false
  let cancel = (): void => {}
  /** One after the other: a report that was on its way must not arrive behind the last one. */
  let last: Promise<unknown> = told({ matching, done: 0, skipped: 0, failed: 0, state: 'running' }, null)
  await last

  function follow(operation: Operation): void {
    if (over) return
    cancel = clock.after(EVERY, () => {
      last = told(operation.progress, null)
        .then((isToStop) => {
          if (isToStop) operation.stop()
        })
        // While Redis is away nobody can be told anything, nor ask for anything.
        .catch(() => {})
        .then(() => follow(operation))
    })
  }

  return {
    follow,
    async end(progress) {
      over = true
      cancel()
      await last
      await told(progress, clock.now() + ahead)
      await tidy(store, clock.now() + ahead)
    },
  }
}

function errorOf(error: Error | undefined): Pick<OperationReport, 'error'> {
  if (!error) return {}
  return { error: { ...(error instanceof RedriveError ? { code: error.code } : {}), message: error.message } }
}

async function tidy(store: Store, now: number): Promise<void> {
  const ended = (await readOperations(store, now)).filter(({ endedAt }) => endedAt !== null)
  for (const { id } of ended.slice(KEPT)) await store.tellOperation(id, undefined)
}

/** All that are known, the newest first. */
export async function readOperations(store: Store, now: number): Promise<OperationReport[]> {
  const texts = [...(await store.operations()).values()]
  return texts
    .flatMap((text) => parse(text) ?? [])
    .map((report) => asSeen(report, now))
    .toSorted((a, b) => b.startedAt - a.startedAt)
}

/** What another program wrote in the place of a report is none, and hides no other. */
function parse(text: string): OperationReport | undefined {
  try {
    const report = JSON.parse(text) as OperationReport | null
    return typeof report?.startedAt === 'number' ? report : undefined
  } catch {
    return undefined
  }
}

function asSeen(report: OperationReport, now: number): OperationReport {
  const { endedAt, seenAt } = report
  if (endedAt !== null || now - seenAt < SILENCE) return report
  const message = 'its process is gone, and it has ended with it; the same filter finds what is left.'
  return { ...report, state: 'stopped', endedAt: seenAt, error: { message } }
}

/** It has ended, so nobody else writes it. */
export async function markUndone(store: Store, operation: string): Promise<void> {
  const known = parse((await store.operations()).get(operation) ?? '')
  if (!known) return
  const report: OperationReport = { ...known, undone: true }
  await store.tellOperation(operation, JSON.stringify(report))
}
