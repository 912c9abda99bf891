import { RedriveError } from '../../errors.ts'
import type { NewMessage } from '../../store/store.ts'
import { failed, openDisk, type OpenDisk } from './disk.ts'

/** A batch of sends as it lies on the disk: what one script call stores. */
export interface Spooled {
  readonly queue: string
  readonly partitions: number
  readonly partition: number
  /** The same with each try, so that a batch that did arrive is not stored twice. */
  readonly token: string
  readonly messages: readonly NewMessage[]
  /** Milliseconds since 1970, by the clock of this machine. */
  readonly at: number
}

export interface SpoolEntry extends Spooled {
  readonly position: string
  /** Bytes on the disk, about. */
  readonly size: number
}

/** Batches on the local disk, in their order. Each write is on the disk when its promise resolves. */
export interface Spool {
  readonly bytes: number
  readonly batches: number
  /** The number that the next batch gets; numbers only ever grow, also over restarts. */
  number(): number
  /** @throws RedriveError `E_OUTBOX_FULL`, `E_OUTBOX_FAILED` */
  append(number: number, batch: Spooled): Promise<void>
  /** The oldest batches, of those behind the position `after` where it is given. @throws RedriveError `E_OUTBOX_FAILED` */
  read(limit: number, after?: string): Promise<SpoolEntry[]>
  /** A disk that does not take the removal is no error: they are not read again by this process, and removed with the next ones. */
  remove(entries: readonly SpoolEntry[]): Promise<void>
  /** Keeps only these messages of a batch, at its place. @throws RedriveError `E_OUTBOX_FAILED` */
  reduce(entry: SpoolEntry, messages: readonly NewMessage[]): Promise<void>
  close(): Promise<void>
}

/** As many digits as a number may have, so that the order of the keys is that of the numbers. */
const DIGITS = 16
const POSITION = /^\d{16}$/

/** In bytes and not in characters, of which a Chinese one has three. */
const sizeOf = (text: string): number => Buffer.byteLength(text)

/**
 * Opens a directory, which no other process may have open.
 * @throws RedriveError `E_OUTBOX_LOCKED`, `E_OUTBOX_FAILED`
 */
export async function openSpool(directory: string, maxBytes: number, open: OpenDisk = openDisk): Promise<Spool> {
  const disk = await open(directory)
  /** What this process has delivered, or told to have failed, and the disk may still hold. */
  const gone = new Set<string>()
  const named = <T>(call: () => Promise<T>): Promise<T> =>
    call().catch((error: unknown) => {
      throw failed(directory, error)
    })
  let [bytes, batches, next] = [0, 0, 0]
  for await (const [key, value] of disk.rows()) {
    if (!POSITION.test(key)) {
      await disk.close()
      throw failed(
        directory,
        `it holds "${key.slice(0, 60)}", which no outbox has written; give it a directory of its own`,
      )
    }
    bytes += sizeOf(value)
    batches++
    next = Number(key) + 1
  }

  return {
    get bytes() {
      return bytes
    },
    get batches() {
      return batches
    },
    number: () => next++,
    async append(number, batch) {
      const text = JSON.stringify(batch)
      const size = sizeOf(text)
      if (bytes + size > maxBytes)
        throw new RedriveError(
          'E_OUTBOX_FULL',
          `Redis is away, and the outbox in ${directory} is full: ${bytes} of ${maxBytes} bytes in ${batches} batches. The message was not stored.`,
          { bytes, maxBytes, batches },
        )
      // Counted before it is written, so that writes side by side keep the bound together.
      bytes += size
      batches++
      const position = String(number).padStart(DIGITS, '0')
      try {
        await disk.write(position, text)
      } catch (error) {
        gone.add(position)
        bytes -= size
        batches--
        throw failed(directory, error)
      }
    },
    async read(limit, after) {
      const entries: SpoolEntry[] = []
      await named(async () => {
        for await (const [position, value] of disk.rows(limit + gone.size, after)) {
          if (entries.length === limit) break
          if (!gone.has(position)) entries.push({ ...(JSON.parse(value) as Spooled), position, size: sizeOf(value) })
        }
      })
      return entries
    },
    async remove(entries) {
      for (const { position, size } of entries) {
        gone.add(position)
        bytes -= size
        batches--
      }
      // Without a sync: a removal that is lost in a crash is done again, and the batch stored once by its token and ids.
      const positions = [...gone]
      try {
        await disk.remove(positions)
        for (const position of positions) gone.delete(position)
      } catch {
        // Its disk is full, say. What is in Redis must not be sent again and again for that, nor stand before what is sent now.
      }
    },
    async reduce({ position, size, ...batch }, messages) {
      // Under the token that it had, the script answers for a while as it did.
      const text = JSON.stringify({ ...batch, token: `${batch.token}.`, messages })
      await named(() => disk.write(position, text))
      bytes += sizeOf(text) - size
    },
    close: () => disk.close(),
  }
}
