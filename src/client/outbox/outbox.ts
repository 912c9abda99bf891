import { withDeadline } from '../../deadline.ts'
import { asError, hasCode } from '../../errors.ts'
import type { Clock } from '../../clock.ts'
import type { Log } from '../../telemetry/log.ts'
import type { EnqueueStatus, Store } from '../../store/store.ts'
import type { Written } from '../confirmed.ts'
import { deliverAll, isRefusal } from './delivery.ts'
import type { OpenDisk } from './disk.ts'
import { openSpool, type Spool, type SpoolEntry, type Spooled } from './spool.ts'

/** What became of a message that was sent: in Redis, or on the disk until that is back. */
export type SendStatus = EnqueueStatus | 'spooled'

export interface OutboxSettings {
  readonly directory: string
  readonly maxBytes: number
  /** How long Redis may take to answer a send before it is put on the disk, in milliseconds. */
  readonly patience: number
  readonly onSpooled: (spooled: { readonly queue: string; readonly ids: readonly string[] }) => void
  readonly onDrained: (drained: { readonly messages: number }) => void
}

export interface OutboxContext {
  /** Resolves when the server is there. */
  ready(): Promise<unknown>
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly openDisk: OpenDisk
}

/**
 * Keeps what is sent while Redis is away, on the local disk, and delivers it in order when it is back. While anything lies there,
 * whatever is sent comes behind it: so the order of a producer is kept.
 */
export interface Outbox {
  /** How long Redis may take to answer a send before it is put on the disk, in milliseconds. */
  readonly patience: number
  /** Resolves when the directory is open. @throws RedriveError `E_OUTBOX_LOCKED`, `E_OUTBOX_FAILED` */
  ready(): Promise<void>
  /** Sends a batch by `direct`, or puts it on the disk. @throws what `direct` throws, unless that is Redis being away; `E_OUTBOX_FULL` … */
  send(batch: Spooled, direct: () => Promise<Written<EnqueueStatus>[]>): Promise<Written<SendStatus>[]>
  /** What lies there; `undefined` when the directory cannot be opened. */
  state(): Promise<{ readonly batches: number; readonly bytes: number } | undefined>
  /** Resolves when nothing lies there. */
  drained(): Promise<void>
  close(): Promise<void>
}

/** Batches read from the disk at a time. */
const READ = 50
const RETRY = { first: 100, most: 1000 }

export function createOutbox(settings: OutboxSettings, { ready, store, clock, log, openDisk }: OutboxContext): Outbox {
  const opening = openSpool(settings.directory, settings.maxBytes, openDisk)
  opening.then(
    (spool) => wake(spool),
    (error: unknown) => log.outboxFailed(error),
  )
  let underWay = 0
  let writing = 0
  let draining: Promise<void> | undefined
  let cancel = (): void => {}
  let closed = false

  async function send(batch: Spooled, direct: () => Promise<Written<EnqueueStatus>[]>): Promise<Written<SendStatus>[]> {
    const spool = await opening
    // Taken now: batches that fail later than others were sent are put on the disk in the order in which they were sent.
    const number = spool.number()
    if (spool.batches + writing > 0) return put(spool, number, batch)
    underWay++
    try {
      return await withDeadline(direct(), settings.patience, 'Redis', clock.after)
    } catch (error) {
      if (!hasCode(error, 'E_REDIS_UNAVAILABLE')) throw error
      return await put(spool, number, batch)
    } finally {
      underWay--
      wake(spool)
    }
  }

  async function put(spool: Spool, number: number, batch: Spooled): Promise<Written<SendStatus>[]> {
    writing++
    try {
      await spool.append(number, batch)
    } finally {
      writing--
    }
    tell(() => settings.onSpooled({ queue: batch.queue, ids: batch.messages.map(({ id }) => id) }))
    wake(spool)
    return batch.messages.map(() => ({ status: 'spooled' }))
  }

  /** Not before what was sent directly is through: it may still have to go on the disk, before what lies there. */
  function wake(spool: Spool): void {
    if (draining || closed || underWay > 0 || spool.batches === 0) return
    draining = drain(spool).finally(() => {
      draining = undefined
      wake(spool)
    })
  }

  async function drain(spool: Spool): Promise<void> {
    let delivered = 0
    let pause = RETRY.first
    // What was refused by itself stays where it is, and the others go on behind it; it is tried again when they are through.
    let refused: { readonly error: unknown; readonly after: string } | undefined
    while (!closed) {
      try {
        const entries = await spool.read(READ, refused?.after)
        if (entries.length === 0 && refused) throw refused.error
        if (entries.length === 0 && writing === 0) break
        await ready()
        const { stored, errors } = await deliver(spool, entries)
        delivered += stored
        const fault = errors.find((error) => !isRefusal(error))
        if (fault !== undefined) throw asError(fault)
        if (errors.length === 0 && !refused) pause = RETRY.first
        else refused = { error: refused?.error ?? errors[0], after: entries.at(-1)?.position ?? refused!.after }
      } catch (error) {
        refused = undefined
        log.outboxWaits(spool.batches, error)
        await new Promise<void>((resolve) => {
          const end = clock.after(pause, resolve)
          cancel = () => {
            end()
            resolve()
          }
        })
        pause = Math.min(2 * pause, RETRY.most)
      }
    }
    if (!closed && delivered > 0) tell(() => settings.onDrained({ messages: delivered }))
  }

  /** How many messages were stored, and why others were not. What is stored is off the disk, whatever became of the others. */
  async function deliver(spool: Spool, entries: readonly SpoolEntry[]): Promise<{ stored: number; errors: unknown[] }> {
    const deliveries = await deliverAll(store, entries)
    await spool.remove(deliveries.flatMap(({ batch, left }) => (left.length === 0 ? [batch] : [])))
    for (const { batch, left } of deliveries)
      if (left.length > 0 && left.length < batch.messages.length) await spool.reduce(batch, left)
    return {
      stored: deliveries.reduce((sum, { batch, left }) => sum + batch.messages.length - left.length, 0),
      errors: deliveries.flatMap(({ error }) => (error === undefined ? [] : [error])),
    }
  }

  /** A listener that throws, or rejects, is no reason to lose a message. */
  function tell(call: () => unknown): void {
    new Promise((resolve) => resolve(call())).catch((error: unknown) => log.listenerFailed('outbox', error))
  }

  return {
    patience: settings.patience,
    send,
    ready: () => opening.then(() => {}),
    async state() {
      const spool = await opening.catch(() => undefined)
      return spool && { batches: spool.batches, bytes: spool.bytes }
    },
    async drained() {
      const spool = await opening
      while (spool.batches + writing + underWay > 0 && !closed)
        await (draining ?? new Promise((resolve) => clock.after(10, resolve)))
    },
    async close() {
      closed = true
      cancel()
      const spool = await opening.catch(() => undefined)
      await draining
      await spool?.close()
    },
  }
}
