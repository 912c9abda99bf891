import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isError, RedriveError } from '../../errors.ts'

/** A directory of this machine as a spool needs it: rows by their keys, which one process at a time may have open. */
export interface Disk {
  /** Rows in the order of their keys, the first `limit` of them; those behind the key `after` alone, where it is given. */
  rows(limit?: number, after?: string): AsyncIterable<readonly [key: string, text: string]>
  /** Resolves when the row is where a crash of the machine leaves it. */
  write(key: string, text: string): Promise<void>
  /** Without a sync: after a crash of the machine the rows may be there again. */
  remove(keys: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** @throws RedriveError `E_OUTBOX_LOCKED`, `E_OUTBOX_FAILED` */
export type OpenDisk = (directory: string) => Promise<Disk>

/** What is used of LevelDB. Not by its own types: it is optional, and a program without it must compile. */
interface Level {
  readonly status: string
  iterator(options: { readonly limit: number; readonly gt?: string }): AsyncIterable<[string, string]>
  batch(
    operations: { readonly type: 'put' | 'del'; readonly key: string; readonly value?: string }[],
    options?: { readonly sync: boolean },
  ): Promise<void>
  close(): Promise<void>
}

/** A real one, by LevelDB; see docs/decisions/0008. */
export const openDisk: OpenDisk = (directory) =>
  openLevelDisk(
    () => openLevel(directory),
    () => tryRoom(directory),
  )

/** LevelDB takes no write after one that failed until it is opened anew: a disk that was full once would stay full for its process. */
export async function openLevelDisk(open: () => Promise<Level>, hasRoom: () => Promise<void>): Promise<Disk> {
  let db = await open()
  let broken = false
  let mending: Promise<void> | undefined

  const mend = (): Promise<void> => (mending ??= openAnew().finally(() => (mending = undefined)))

  async function openAnew(): Promise<void> {
    // Before it is closed: where there is no room it could not be opened again, and what lies there be read no more.
    await hasRoom()
    await db.close()
    db = await open()
    broken = false
  }

  async function change(call: () => Promise<void>): Promise<void> {
    if (broken) await mend()
    try {
      await call()
    } catch (error) {
      broken = true
      throw error
    }
  }

  return {
    async *rows(limit = -1, after) {
      if (db.status !== 'open') await mend()
      yield* db.iterator({ limit, ...(after === undefined ? {} : { gt: after }) })
    },
    write: (key, value) => change(() => db.batch([{ type: 'put', key, value }], { sync: true })),
    remove: (keys) => db.batch(keys.map((key) => ({ type: 'del', key }))),
    close: () => db.close(),
  }
}

async function openLevel(directory: string): Promise<Level> {
  const level = await load()
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const db = new level.ClassicLevel(directory, { valueEncoding: 'utf8' })
    await db.open()
    return db
  } catch (error) {
    if ((error as { cause?: { code?: unknown } }).cause?.code !== 'LEVEL_LOCKED') throw failed(directory, error)
    throw new RedriveError(
      'E_OUTBOX_LOCKED',
      `another process, or another client of this one, uses the outbox in ${directory}. Give each its own directory.`,
      { path: 'outbox.directory' },
    )
  }
}

/** More than LevelDB writes when it is opened: its log, of four megabytes at most, becomes a table. */
const ROOM = 6 * 1024 ** 2

async function tryRoom(directory: string): Promise<void> {
  const path = join(directory, 'room')
  try {
    await writeFile(path, Buffer.alloc(ROOM))
  } finally {
    await rm(path, { force: true })
  }
}

/** Native code, which no bundler takes in; and none must look for a package that is not wanted: hence a name that it cannot read. */
const PACKAGE = ['classic', 'level'].join('-')

async function load(): Promise<typeof import('classic-level')> {
  try {
    return (await import(
      /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ PACKAGE
    )) as typeof import('classic-level')
  } catch (error) {
    throw new RedriveError(
      'E_OUTBOX_FAILED',
      'an outbox needs the package "classic-level", which is not installed here: npm install classic-level@3.',
      { cause: error },
    )
  }
}

export function failed(directory: string, error: unknown): RedriveError {
  const reason = isError(error) ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
  return new RedriveError('E_OUTBOX_FAILED', `the outbox in ${directory} cannot be used: ${reason}.`, { cause: error })
}
