import type { Redis } from 'ioredis'
import type { FeedBounds, PartitionBounds } from './bounds.ts'
import { pushLarge } from './large-arguments.ts'
import type { ForgetRequest, IndexFault } from './index-fault.ts'
import { DEFAULTS } from '../options.ts'
import type { Round, RoundRequest } from './round.ts'
import { pushCommitEntry, pushGroup, pushNewMessages, pushRecipe, text } from './script-arguments.ts'
import {
  commitResult,
  decodeStatuses,
  letters,
  parseClaim,
  parseEnqueued,
  parseRound,
  type ClaimReply,
} from './script-answers.ts'
import { scriptSource } from './script-source.ts'
import type { DiscardRequest, RestoreStatus } from './steering.ts'
import type {
  Beat,
  BeatStatus,
  Claim,
  ClaimRequest,
  Commit,
  CommitBatch,
  Delivery,
  DeliveryStatus,
  EnqueueStatus,
  NewMessage,
  TrimRequest,
} from './store.ts'

/** One typed function for each script of `lua/`; what KEYS and ARGV mean stands at the head of each file. */
export interface Scripts {
  enqueue(
    base: string,
    token: string,
    messages: readonly NewMessage[],
    bounds?: PartitionBounds,
  ): Promise<EnqueueStatus[]>
  claim(base: string, request: ClaimRequest): Promise<Claim>
  commit(base: string, batch: CommitBatch): Promise<Commit>
  round(base: string, request: RoundRequest): Promise<Round>
  heartbeat(base: string, lease: number, beats: readonly Beat[]): Promise<BeatStatus[]>
  deliver(base: string, token: string, deliveries: readonly Delivery[]): Promise<DeliveryStatus[]>
  trim(base: string, request: TrimRequest): Promise<number>
  prune(base: string, bounds: FeedBounds): Promise<number>
  forget(base: string, request: ForgetRequest): Promise<number>
  repair(base: string, how: 'look' | 'mend', ids: readonly string[]): Promise<IndexFault[][]>
  remove(base: string, id: string, token: string): Promise<'removed' | 'locked' | 'missing'>
  note(key: string, field: string, value: string): Promise<string>
  probe(key: string): Promise<void>
  /** Names of commands, each with what refused it or nothing. */
  rights(key: string, channel: string): Promise<readonly string[]>
  pause(base: string, paused: boolean): Promise<boolean>
  discard(base: string, request: DiscardRequest): Promise<'removed' | 'locked' | 'missing'>
  restore(base: string, ids: readonly string[]): Promise<RestoreStatus[]>
  report(key: string, worker: string, text: string): Promise<void>
  record(key: string, cap: number, fields: Readonly<Record<string, string>>): Promise<void>
}

export interface ScriptSettings {
  /** Milliseconds. */
  readonly tokenTtl: number
}

const NAMES = [
  'enqueue',
  'claim',
  'commit',
  'round',
  'heartbeat',
  'deliver',
  'trim',
  'prune',
  'forget',
  'repair',
  'remove',
  'note',
  'probe',
  'rights',
  'pause',
  'discard',
  'restore',
  'report',
  'record',
] as const
type Run = (base: string, ...args: string[]) => Promise<unknown>

/** `source` reads the text of a script; tests give another, to see what breaks without a line of it. */
export function createScripts(redis: Redis, settings: ScriptSettings, source = scriptSource): Scripts {
  const run = defineCommands(redis, source)
  const ttl = String(settings.tokenTtl)
  const largeFor = String(DEFAULTS.largeFor)
  return {
    async enqueue(base, token, messages, bounds = {}) {
      const args = [token, ttl, largeFor, text(bounds.messages), text(bounds.bytes)]
      pushLarge(args, messages)
      pushNewMessages(args, messages)
      return parseEnqueued((await run.enqueue(base, ...args)) as string)
    },
    async claim(base, { token, worker, limit, lease }) {
      const reply = await run.claim(base, token, worker, String(limit), String(lease), ttl)
      return parseClaim(token, reply as ClaimReply)
    },
    async commit(base, { lease, entries }) {
      const args = [String(lease), largeFor]
      pushLarge(args, entries)
      for (const entry of entries) pushCommitEntry(args, entry)
      const [now, statuses] = (await run.commit(base, ...args)) as [string, string]
      return { now: Number(now), results: letters(statuses).map((letter, i) => commitResult(letter, entries[i]!)) }
    },
    async round(base, request) {
      const { token, worker, limit, lease, answered = '' } = request
      const args = [token, worker, String(limit), String(lease), ttl, answered]
      pushRecipe(args, request.recipe)
      for (const group of request.groups) pushGroup(args, group)
      return parseRound((await run.round(base, ...args)) as string[], request.groups)
    },
    async heartbeat(base, lease, beats) {
      const args = beats.flatMap(({ id, fence, progress = '' }) => [id, fence, progress])
      return decodeStatuses(await run.heartbeat(base, String(lease), ...args), { r: 'renewed', m: 'mail', l: 'lost' })
    },
    async deliver(base, token, deliveries) {
      const args = deliveries.flatMap(({ id, event, eventId = '', room, revives }) => [
        id,
        event,
        eventId,
        text(room),
        revives ? '1' : '',
      ])
      return decodeStatuses(await run.deliver(base, token, ttl, ...args), {
        d: 'delivered',
        u: 'duplicate',
        s: 'settled',
        f: 'full',
        x: 'missing',
        k: 'foreign',
      })
    },
    async trim(base, { state, age, keep, bytes, limit }) {
      return Number(await run.trim(base, state, text(age), text(keep), text(bytes), String(limit)))
    },
    prune: async (base, { entries, bytes }) => Number(await run.prune(base, String(entries), String(bytes), largeFor)),
    async forget(base, { missingFor, limit, ids = [] }) {
      return Number(await run.forget(base, String(missingFor), String(limit), ...ids))
    },
    async repair(base, how, ids) {
      const faults = (await run.repair(base, how, ...ids)) as string[]
      return faults.map((each) => decodeStatuses(each, INDEX_FAULT))
    },
    async note(key, field, value) {
      return (await run.note(key, field, value)) as string
    },
    async probe(key) {
      await run.probe(key)
    },
    async rights(key, channel) {
      const reply = await run.rights(key, channel)
      return Array.isArray(reply) ? reply.map(String) : []
    },
    async remove(base, id, token) {
      return decodeStatuses(await run.remove(base, id, token), REMOVAL)[0]!
    },
    pause: async (base, paused) => (await run.pause(base, paused ? '1' : '0')) === 1,
    async discard(base, { id, token, operation, keepFor }) {
      return decodeStatuses(await run.discard(base, id, token, operation, String(keepFor)), REMOVAL)[0]!
    },
    async restore(base, ids) {
      return decodeStatuses(await run.restore(base, ...ids), { r: 'restored', p: 'present', x: 'gone' })
    },
    report: async (key, worker, told) => void (await run.report(key, worker, told)),
    record: async (key, cap, fields) => void (await run.record(key, String(cap), ...Object.entries(fields).flat())),
  }
}

function defineCommands(redis: Redis, source: typeof scriptSource): Record<(typeof NAMES)[number], Run> {
  const commands = {} as Record<(typeof NAMES)[number], Run>
  for (const name of NAMES) {
    const command = `redrive:${name}`
    redis.defineCommand(command, { numberOfKeys: 1, lua: source(name) })
    const call = (redis as unknown as Record<string, Run>)[command]!
    commands[name] = (base, ...args) => call.call(redis, base, ...args)
  }
  return commands
}

const REMOVAL = { r: 'removed', l: 'locked', x: 'missing' } as const

const INDEX_FAULT: Readonly<Record<string, IndexFault>> = {
  x: 'missing',
  k: 'foreign',
  l: 'unlisted',
  e: 'misplaced',
  n: 'unnamed',
  i: 'late inbox',
  t: 'late timer',
  w: 'late work',
  o: 'late lease',
}
