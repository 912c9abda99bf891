import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedriveError } from '../errors.ts'

/** A pid alone is used again, in a container after every start; the time of its start tells two processes apart. */
interface ProcessMark {
  readonly pid: number
  readonly startedAt: string | undefined
}

interface Holders {
  readonly opener: ProcessMark
  readonly supervisor?: ProcessMark | undefined
  readonly server?: ProcessMark | undefined
}

export interface DirectoryLock {
  readonly file: string
  /** Notes who else lives in the directory, for the case that this process is killed. */
  note(others: { supervisor: number | undefined; server: number | undefined }): void
  release(): void
}

/** A supervisor whose parent has died gives its server three seconds. */
const WIND_DOWN_MS = 6000
/** A lock file that cannot be read is being written. After this long it is a broken one. */
const HALF_WRITTEN_MS = 1000
const POLL_MS = 50

/**
 * Two servers on the same files destroy them, so a directory belongs to one opener. What a crashed one left behind is taken
 * over: its supervisor may still be winding down, and if that was killed too, the orphaned server is ended here.
 * @throws {RedriveError} `E_INVALID_OPTION` that names the process in the way.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const file = join(directory, 'redrive.lock')
  const opener = markOf(process.pid)
  const begun = Date.now()
  while (!create(file, { opener })) {
    const text = read(file)
    const holders = parse(text)
    const state = stateOf(holders)
    const waited = Date.now() - begun
    if (state === 'stale' || (state === 'unreadable' && text !== undefined && waited > HALF_WRITTEN_MS)) {
      takeAway(file, text!)
      continue
    }
    if (holders && (state === 'held' || waited > WIND_DOWN_MS)) throw inUse(directory, holders)
    if (state === 'orphaned') signal(holders!.server!, waited < WIND_DOWN_MS / 2 ? 'SIGTERM' : 'SIGKILL')
    await sleep(POLL_MS)
  }
  return {
    file,
    note: ({ supervisor, server }) => {
      const holders = { opener, supervisor: markOf(supervisor), server: markOf(server) }
      writeFileSync(`${file}.next`, JSON.stringify(holders))
      renameSync(`${file}.next`, file)
    },
    release: () => rmSync(file, { force: true }),
  }
}

/** `unreadable` is gone by now, or still being written. */
function stateOf(holders: Holders | undefined): 'held' | 'winding down' | 'orphaned' | 'stale' | 'unreadable' {
  if (!holders) return 'unreadable'
  if (isAlive(holders.opener)) return 'held'
  if (isAlive(holders.supervisor)) return 'winding down'
  return isAlive(holders.server) ? 'orphaned' : 'stale'
}

function create(file: string, holders: Holders): boolean {
  try {
    writeFileSync(file, JSON.stringify(holders), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new RedriveError('E_INVALID_OPTION', `The lock file ${file} cannot be written.`, {
      cause: error,
      path: 'directory',
    })
  }
}

/** Renamed before it is removed: of two that find the same stale lock only one gets it, and neither loses a fresh one. */
function takeAway(file: string, text: string): void {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
    if (read(aside) !== text) linkSync(aside, file)
  } catch {
    // Another one was quicker.
  }
  rmSync(aside, { force: true })
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function parse(text: string | undefined): Holders | undefined {
  try {
    const holders = JSON.parse(text ?? '') as Partial<Holders> | null
    return typeof holders?.opener?.pid === 'number' ? (holders as Holders) : undefined
  } catch {
    return undefined
  }
}

function inUse(directory: string, { opener, supervisor, server }: Holders): RedriveError {
  const { pid } = [opener, supervisor, server].find(isAlive) ?? opener
  const holder = pid === process.pid ? `this process (${pid})` : `process ${pid}`
  return new RedriveError(
    'E_INVALID_OPTION',
    `The directory ${directory} is in use by ${holder}. Stop it first, connect to its server, or choose another directory.`,
    { path: 'directory', pid },
  )
}

function markOf(pid: number): ProcessMark
function markOf(pid: number | undefined): ProcessMark | undefined
function markOf(pid: number | undefined): ProcessMark | undefined {
  return pid === undefined ? undefined : { pid, startedAt: processStatus(pid)?.startedAt }
}

function isAlive(mark: ProcessMark | undefined): boolean {
  if (!mark || !signal(mark, 0)) return false
  const status = processStatus(mark.pid)
  // A zombie is dead; in a container without an init process it keeps its pid for ever.
  return !status || (status.state !== 'Z' && (mark.startedAt === undefined || mark.startedAt === status.startedAt))
}

function signal({ pid }: ProcessMark, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it lives, as another user's
  }
}

/** Fields 3 and 22 of `/proc/<pid>/stat`; undefined where there is no such file. */
function processStatus(pid: number): { state: string; startedAt: string } | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0]!, startedAt: fields[19]! }
}
