import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { RedriveError } from '../errors.ts'
import { findRedisServer, redisMissing, versionOf } from './find-redis-server.ts'
import { ping } from './ping.ts'
import { type Place, leavePlace, takePlace } from './place.ts'
import { serverConfig } from './server-config.ts'
import { type ServerExit, SupervisedServer } from './supervised-server.ts'

export { findRedisServer } from './find-redis-server.ts'

export interface EmbeddedRedisOptions {
  /** Keeps the data here across stops. Created when missing. Default: a temporary directory that goes with the server. */
  directory?: string
  /** Whether writes go to an append-only file, synced every second. Default: true with a `directory`, else false. */
  appendonly?: boolean
  /** More lines of a redis.conf by name, such as `{ maxmemory: '64mb' }`. Default: none. */
  config?: Record<string, string>
  /** The server to run. Default: `redis-server` on the PATH, or else `valkey-server`. */
  binary?: string
  /** A TCP port on 127.0.0.1, 0 for any free one. Default: no port, only a Unix socket that other users cannot open. */
  port?: number
}

/** A server of this process's own. It ends with it, however that ends. It is not started again when it crashes. */
export interface EmbeddedRedis {
  /** `unix:///…/redis.sock`, or `redis://127.0.0.1:<port>` when a port was asked for. The same after a restart. */
  readonly url: string
  /** The path of the Unix socket, unless a port was asked for. */
  readonly socket?: string
  /** Of the running server, or of the last one that ran. */
  readonly pid: number
  readonly directory: string
  /** Of the server's program, such as "7.0.15". */
  readonly version: string
  /** Ends the server and waits for its end. Its data stays in a `directory` of the caller's. Can be repeated. */
  stop(): Promise<void>
  /** For tests: sends a signal to the server, and waits for its end if the signal is one to end it. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Ends the server if it still runs, and starts it on the same data at the same address. */
  restart(): Promise<void>
}

/** Without any answer. A server that loads its data answers, and may take as long as it needs. */
const START_PATIENCE_MS = 15_000
const POLL_MS = 10
const NOT_FATAL: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT']

/**
 * Starts a private Redis server, for development and tests: nothing to configure, no port, no other user.
 * @example
 * const redis = await startEmbeddedRedis({ directory: './.redrive' })
 * @throws {RedriveError} `E_REDIS_MISSING`, `E_REDIS_VERSION`; `E_INVALID_OPTION` for a directory that another process
 * holds, a port that is taken or a setting that the server refuses; `E_REDIS_UNAVAILABLE` when it ends at once or stays silent.
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions = {}): Promise<EmbeddedRedis> {
  const { directory, appendonly = directory !== undefined, config = {}, port } = options
  const binary = options.binary ?? findRedisServer()?.path
  if (binary === undefined) throw redisMissing()
  const version = await versionOf(binary)
  const place = await takePlace(directory, port)
  const server = supervise(place, () => {
    const text = serverConfig({ directory: place.directory, address: place.address, appendonly, config })
    return new SupervisedServer({ binary, config: text, remove: place.remove })
  })
  return PrivateServer.launch(server, place, version)
}

/** Once there is a supervisor, what is to be removed is its affair. */
function supervise(place: Place, spawn: () => SupervisedServer): SupervisedServer {
  try {
    return spawn()
  } catch (error) {
    leavePlace(place)
    throw error
  }
}

class PrivateServer implements EmbeddedRedis {
  readonly url: string
  readonly socket?: string
  readonly directory: string
  readonly version: string
  readonly #server: SupervisedServer
  readonly #place: Place
  #pid = 0
  #stopped = false

  static async launch(server: SupervisedServer, place: Place, version: string): Promise<EmbeddedRedis> {
    const redis = new PrivateServer(server, place, version)
    try {
      await redis.#held(() => redis.#start())
      return redis
    } catch (error) {
      await redis.stop()
      throw error
    }
  }

  private constructor(server: SupervisedServer, place: Place, version: string) {
    this.#server = server
    this.#place = place
    this.version = version
    this.directory = place.directory
    if ('socket' in place.address) {
      this.socket = place.address.socket
      this.url = pathToFileURL(this.socket).href.replace('file:', 'unix:')
    } else {
      this.url = `redis://127.0.0.1:${place.address.port}`
    }
  }

  get pid(): number {
    return this.#pid
  }

  stop(): Promise<void> {
    return this.#held(async () => {
      this.#stopped = true
      const { clean } = await this.#server.close()
      if (!clean) leavePlace(this.#place)
    })
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    return this.#held(async () => {
      if (!this.#server.running) return
      process.kill(this.#pid, signal)
      if (!NOT_FATAL.includes(signal)) await this.#server.exited
    })
  }

  restart(): Promise<void> {
    return this.#held(async () => {
      if (this.#stopped) throw new RedriveError('E_CLOSED', 'The embedded server was stopped; start another one.')
      await this.#server.end()
      await this.#start()
    })
  }

  async #start(): Promise<void> {
    const pid = await this.#server.start()
    if (pid !== undefined) {
      this.#pid = pid
      this.#place.lock?.note({ supervisor: this.#server.pid, server: pid })
    }
    const early = await Promise.race([this.#server.exited, this.#answers()])
    if (early) throw endedAtStart(early)
  }

  /** Resolves to nothing when the server answers, or to its end. */
  async #answers(): Promise<ServerExit | undefined> {
    const { address } = this.#place
    let deadline = Date.now() + START_PATIENCE_MS
    while (this.#server.running) {
      const answer = await ping(
        'socket' in address ? { path: address.socket } : { host: '127.0.0.1', port: address.port },
      )
      if (answer === 'ready') return undefined
      if (answer === 'loading') deadline = Date.now() + START_PATIENCE_MS
      if (Date.now() > deadline) {
        throw new RedriveError(
          'E_REDIS_UNAVAILABLE',
          `The embedded server did not answer within ${START_PATIENCE_MS} ms.`,
        )
      }
      await sleep(POLL_MS)
    }
    return this.#server.exited
  }

  async #held(work: () => Promise<void>): Promise<void> {
    this.#server.holdProcess(true)
    try {
      await work()
    } finally {
      this.#server.holdProcess(false)
    }
  }
}

function endedAtStart({ code, signal, log }: ServerExit): RedriveError {
  const text = log.join('\n')
  if (/FATAL CONFIG FILE ERROR|Bad directive/i.test(text)) {
    return new RedriveError('E_INVALID_OPTION', `The server refuses its configuration:\n${text}`, {
      path: 'config',
      log,
    })
  }
  const how = signal ?? `code ${code}`
  return new RedriveError('E_REDIS_UNAVAILABLE', `The embedded server ended at its start (${how}):\n${text}`, { log })
}
