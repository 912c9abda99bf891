import type { Command } from 'commander'
import { insideOf } from '../client/inside.ts'
import type { RedriveOptions } from '../client/redrive-options.ts'
import { Redrive } from '../client/redrive.ts'
import { RedriveError } from '../errors.ts'
import { DEFAULTS } from '../options.ts'
import { describeAddress } from '../store/connection.ts'
import type { Interruption } from './interruption.ts'
import { createOutput, type Output } from './output.ts'
import { usage } from './usage.ts'
import type { Terminal } from './terminal.ts'

/** What the program is run in. */
export interface Surroundings {
  readonly terminal: Terminal
  readonly interruption: Interruption
  /** The file to start for a worker process. */
  readonly entry: string
}

/** Options that stand before or behind every verb. */
export interface GlobalOptions {
  readonly redis?: string
  readonly prefix?: string
  readonly json?: true
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
}

/** One run of a verb. */
export interface Session extends Surroundings {
  readonly output: Output
  /** From `--redis` or `REDIS_URL`; `undefined` when neither says anything. */
  readonly address: string | undefined
  readonly prefix: string | undefined
}

/** A verb returns its exit code, or nothing when all is well. */
export type Verb = (session: Session) => Promise<number | void>

/** How verbs are run. */
export interface Runner {
  run(command: Command, verb: Verb): Promise<void>
}

export function openSession(surroundings: Surroundings, options: GlobalOptions): Session {
  const { redis, prefix, json } = options
  const { terminal } = surroundings
  return {
    ...surroundings,
    output: createOutput(terminal, json === true),
    // Set to nothing is not set. A wrong address is never replaced by another one: whoever names a server means it.
    address: withTls(redis ?? (terminal.env['REDIS_URL'] || undefined), options),
    prefix,
  }
}

/** As a part of the address, so that worker processes and `doctor` have it too. */
function withTls(address: string | undefined, { tlsCa, tlsCert, tlsKey }: GlobalOptions): string | undefined {
  const files = Object.entries({ ca: tlsCa, cert: tlsCert, key: tlsKey }).filter(([, path]) => path !== undefined)
  if (files.length === 0) return address
  if (!address?.startsWith('rediss://'))
    throw usage('--tls-ca, --tls-cert and --tls-key are for a server with TLS: give --redis rediss://… too.')
  const query = files.map(([name, path]) => `${name}=${encodeURIComponent(path ?? '')}`).join('&')
  return `${address}${address.includes('?') ? '&' : '?'}${query}`
}

/** Somebody sits and waits: half of the patience that a program has. */
const PATIENCE = 4000

/** A client of the server that the command line names, of the default one, or of what `options` say instead. */
export function newClient({ address, prefix, output }: Session, options: RedriveOptions = {}): Redrive {
  const say = (level: string) => (text: string) => output.note(`${level}: ${text}`)
  return new Redrive({
    ...(options.embedded || options.store ? {} : { redis: address ?? DEFAULTS.redis }),
    ...(prefix === undefined ? {} : { prefix }),
    commandTimeout: PATIENCE,
    logger: { debug: () => {}, info: say('log'), warn: say('warning'), error: say('error') },
    ...options,
  })
}

/**
 * Connects, or says why not.
 * @throws RedriveError `E_REDIS_UNAVAILABLE`, also when what answers at the address is no Redis at all; `E_REDIS_AUTH`, `E_REDIS_VERSION`
 */
export async function connect({ address }: Session, redrive: Redrive): Promise<void> {
  try {
    await insideOf(redrive).connected()
  } catch (error) {
    if (error instanceof RedriveError) throw error
    const where = describeAddress(address ?? DEFAULTS.redis)
    const why = error instanceof Error ? error.message : String(error)
    throw new RedriveError('E_REDIS_UNAVAILABLE', `${where} does not answer as a Redis server does: ${why}`, {
      cause: error,
    })
  }
}

/** Connects, acts and disconnects. */
export async function withRedrive<T>(session: Session, action: (redrive: Redrive) => Promise<T>): Promise<T> {
  const redrive = newClient(session)
  try {
    await connect(session, redrive)
    return await action(redrive)
  } finally {
    await redrive.close()
  }
}
