import { RedriveError } from '../errors.ts'
import { createQuorum, type Quorum } from '../lock/quorum.ts'
import { checkNames, show, toMs, toObject, type Duration } from '../options.ts'
import { describeAddress, openLockNode, type RedisAddress } from '../store/connection.ts'
import { addressOptions } from '../store/redis-address.ts'
import { createKeys } from '../store/keys.ts'

export interface LockOptions {
  /**
   * Servers that vote on the lock of each message, by Redlock: an odd number, three at least, each on its own (no replicas of one
   * another, no part of one Cluster). Workers go on while a majority of them answers.
   */
  readonly nodes: readonly RedisAddress[]
  /** Longest wait for their answers. Default `'500ms'`; bounds 10 ms–10 s, and well below the lease. */
  readonly timeout?: Duration
}

/** @throws RedriveError `E_INVALID_OPTION`, `E_INVALID_DURATION` */
export function openQuorum(given: LockOptions | undefined, prefix: string): Quorum | undefined {
  if (given === undefined) return undefined
  checkNames(toObject(given, 'locks'), 'locks', ['nodes', 'timeout'])
  const { nodes, timeout = 500 } = given
  checkCount(nodes)
  const addresses = nodes.map((node, i) => addressOptions(node, `locks.nodes[${i}]`))
  checkDistinct(addresses.map((address) => describeAddress({ ...address, db: 0 })))
  const ms = toMs(timeout, 'locks.timeout', { min: 10, max: 10_000 })
  const connections = addresses.map((address) => openLockNode(address, { commandTimeout: ms }))
  // Opened at once, so that the first vote finds its nodes; those that are away are tried again and again.
  for (const connection of connections) connection.connect().catch(() => {})
  return createQuorum({ nodes: connections, keyOf: createKeys(prefix).quorumLock, timeout: ms })
}

const path = { path: 'locks.nodes' }

function checkCount(nodes: unknown): void {
  if (!Array.isArray(nodes))
    throw new RedriveError('E_INVALID_OPTION', `locks.nodes must be a list of addresses; got ${show(nodes)}.`, path)
  if (nodes.length < 3 || nodes.length % 2 === 0)
    throw new RedriveError(
      'E_INVALID_OPTION',
      `locks.nodes must be an odd number of servers, three at least; got ${nodes.length}. With an even number a vote can be split.`,
      path,
    )
}

/** @param places without user and database: a server has one vote, however it is named. */
function checkDistinct(places: readonly string[]): void {
  const twice = places.find((place, i) => places.indexOf(place) < i)
  if (twice === undefined) return
  throw new RedriveError('E_INVALID_OPTION', `locks.nodes names ${twice} twice, which would vote twice.`, path)
}
