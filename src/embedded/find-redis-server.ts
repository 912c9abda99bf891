import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { RedriveError } from '../errors.ts'

export interface RedisServerBinary {
  readonly path: string
  readonly kind: 'redis' | 'valkey'
}

/** The oldest servers with what the scripts of the store need. */
const OLDEST = { redis: [7, 0], valkey: [7, 2] } as const

const KINDS = ['redis', 'valkey'] as const

/** The `redis-server` on the PATH, or else the `valkey-server`. */
export function findRedisServer(env: NodeJS.ProcessEnv = process.env): RedisServerBinary | undefined {
  const directories = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '')
  for (const kind of KINDS) {
    for (const directory of directories) {
      const path = join(directory, `${kind}-server`)
      if (isExecutable(path)) return { path, kind }
    }
  }
  return undefined
}

/**
 * What `<path> --version` says, such as "7.0.15".
 * @throws {RedriveError} `E_REDIS_MISSING` when it is no such program, `E_REDIS_VERSION` when it is too old.
 */
export async function versionOf(path: string): Promise<string> {
  const output = await promisify(execFile)(path, ['--version']).catch((error: unknown) => {
    throw new RedriveError('E_REDIS_MISSING', `"${path}" cannot be run. ${HOW_TO_INSTALL}`, {
      cause: error,
      path: 'binary',
    })
  })
  const found = /^(redis|valkey) server v=((\d+)\.(\d+)[\w.-]*)/i.exec(output.stdout)
  if (!found) {
    throw new RedriveError('E_REDIS_MISSING', `"${path}" is not a Redis server. ${HOW_TO_INSTALL}`, { path: 'binary' })
  }
  const [, name = '', version = '', major, minor] = found
  const [oldestMajor, oldestMinor] = OLDEST[name.toLowerCase() as RedisServerBinary['kind']]
  if (Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor)) {
    throw new RedriveError(
      'E_REDIS_VERSION',
      `"${path}" is ${name} ${version}; at least ${oldestMajor}.${oldestMinor} is needed.`,
    )
  }
  return version
}

const HOW_TO_INSTALL =
  'Install one (Debian, Ubuntu: "apt-get install redis-server"; Fedora, Arch: "valkey"; macOS: "brew install redis"), ' +
  'or connect to a server elsewhere.'

export function redisMissing(): RedriveError {
  return new RedriveError('E_REDIS_MISSING', `No redis-server or valkey-server is on the PATH. ${HOW_TO_INSTALL}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
