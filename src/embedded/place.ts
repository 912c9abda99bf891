import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { RedriveError } from '../errors.ts'
import { type DirectoryLock, lockDirectory } from './directory-lock.ts'

/** Where a private server lives: its directory, held for this process alone, and its address. */
export interface Place {
  readonly directory: string
  readonly address: { readonly socket: string } | { readonly port: number }
  readonly lock: DirectoryLock | undefined
  /** What must be gone after the server, in this order. */
  readonly remove: readonly string[]
}

/** The path of a Unix socket is limited to 103 bytes on macOS and 107 on Linux. */
const LONGEST_SOCKET_PATH = 100

export async function takePlace(directory: string | undefined, port: number | undefined): Promise<Place> {
  const remove: string[] = []
  try {
    const home = directory === undefined ? temporaryDirectory(tmpdir(), remove) : ownDirectory(directory)
    const lock = directory === undefined ? undefined : await lockDirectory(home)
    if (lock) remove.push(lock.file)
    const address = port === undefined ? { socket: socketIn(home, remove) } : { port: await freePort(port) }
    return { directory: home, address, lock, remove }
  } catch (error) {
    leavePlace({ remove })
    throw error
  }
}

export function leavePlace({ remove }: Pick<Place, 'remove'>): void {
  for (const path of remove) rmSync(path, { recursive: true, force: true })
}

function temporaryDirectory(parent: string, remove: string[]): string {
  const directory = mkdtempSync(join(parent, 'redrive-'))
  remove.unshift(directory) // before the lock, which says that all is done
  return directory
}

function ownDirectory(directory: string): string {
  const path = resolve(directory)
  try {
    mkdirSync(path, { recursive: true })
    return path
  } catch (error) {
    throw new RedriveError('E_INVALID_OPTION', `The directory ${path} cannot be made.`, {
      cause: error,
      path: 'directory',
    })
  }
}

function socketIn(directory: string, remove: string[]): string {
  const socket = join(directory, 'redis.sock')
  if (Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return socket
  const short = Buffer.byteLength(tmpdir()) <= LONGEST_SOCKET_PATH / 2 ? tmpdir() : '/tmp'
  return join(temporaryDirectory(short, remove), 'redis.sock')
}

/** Asked before the server starts: on a port that is taken, somebody else's server would answer our PING. */
function freePort(port: number): Promise<number> {
  return new Promise((settle, reject) => {
    const probe = createServer()
    probe.once('error', (cause) => {
      reject(
        new RedriveError('E_INVALID_OPTION', `Port ${port} of 127.0.0.1 cannot be used.`, {
          cause,
          path: 'port',
          port,
        }),
      )
    })
    probe.listen(port, '127.0.0.1', () => {
      const { port: found } = probe.address() as AddressInfo
      probe.close(() => settle(found))
    })
  })
}
