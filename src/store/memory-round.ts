import { BARE } from './layout.ts'
import { liveLock, type MemoryMessage } from './memory-message.ts'
import { candidates, commit, nextDue, type Slice } from './memory-slice.ts'
import {
  entriesOf,
  fenceOfStart,
  startEntry,
  type Recipe,
  type Round,
  type RoundRequest,
  type StartedMessage,
} from './round.ts'

/** See `lua/round.lua`. Here the two ends are what they stand for: commits one by one, and a claim with the commit of its start. */
export function round(it: Slice, request: RoundRequest, now: number, tokenTtl: number): Round {
  const { token, limit, lease, recipe, groups } = request
  const before = it.tokens.get(token)
  if (before && before.until > now) {
    const { statuses, taken } = before.answer as Remembered
    return { now, next: now, others: false, statuses, started: startedAgain(it, taken, token, lease, now) }
  }
  if (request.answered !== undefined) it.tokens.delete(request.answered)
  const entries = groups.flatMap(entriesOf)
  const statuses = entries.map((entry) => commit(it, entry, lease, now).status)
  const told = entries.flatMap(({ transitions }, i) => (statuses[i] === 'applied' ? transitions : []))
  if (limit > 0 && it.paused) {
    it.feed.append(now, told)
    return { now, others: false, paused: true, statuses, started: [] }
  }
  const due = limit > 0 ? candidates(it, Infinity, now) : []
  const others = new Set(due.filter(({ state }) => state !== recipe?.from).map(({ state }) => state))
  const first = recipe
    ? due.filter(({ state }) => state === recipe.from).slice(0, Math.ceil(limit / (others.size + 1)))
    : []
  const ready = recipe ? first.filter((message) => isStartable(message, recipe, now)) : []
  for (const message of ready) told.push(...start(it, message, recipe!, request, now))
  it.feed.append(now, told)
  const taken = ready.map(({ id }) => id)
  if (statuses.length > 0 || taken.length > 0)
    it.tokens.set(token, { answer: { statuses, taken }, until: now + tokenTtl })
  return {
    now,
    ...(limit === 0 ? {} : taken.length === limit ? { next: now } : nextDue(it)),
    others: others.size > 0 || ready.length < first.length || (!recipe && due.length > 0),
    statuses,
    started: ready.map(startedMessage),
  }
}

interface Remembered {
  readonly statuses: Round['statuses']
  readonly taken: readonly string[]
}

const startedMessage = ({ id, fields, createdAt }: MemoryMessage): StartedMessage => ({
  id,
  input: fields.get('p') ?? '',
  createdAt,
})

function startedAgain(it: Slice, ids: readonly string[], token: string, lease: number, now: number): StartedMessage[] {
  const fence = fenceOfStart(token)
  const own = ids
    .flatMap((id) => it.messages.get(id) ?? [])
    .filter((message) => message.owner === fence && (liveLock(message, now) ?? token) === token)
  for (const message of own) Object.assign(message, { score: now + lease, lock: { token, until: now + lease } })
  return own.map(startedMessage)
}

/** Whether a message waits as its send has stored it, and nobody has it. */
function isStartable(message: MemoryMessage, { machine }: Recipe, now: number): boolean {
  const { revision, fields, timers, inbox } = message
  return (
    revision === 0 &&
    fields.size === 3 &&
    fields.get('m') === machine &&
    fields.get('c') === BARE.context &&
    fields.has('p') &&
    timers.size === 1 &&
    timers.get(BARE.timer.nonce)?.text === BARE.timer.text &&
    timers.get(BARE.timer.nonce)?.due === message.createdAt &&
    inbox.length === 0 &&
    liveLock(message, now) === undefined
  )
}

function start(
  it: Slice,
  message: MemoryMessage,
  recipe: Recipe,
  request: RoundRequest,
  now: number,
): readonly string[] {
  const { token, worker, lease } = request
  message.revision++
  Object.assign(message, { owner: `${message.revision}:${token}`, worker, lock: { token, until: now + lease } })
  const entry = startEntry(recipe, message.id, token, { ...BARE.timer, due: message.createdAt })
  commit(it, entry, lease, now)
  return entry.transitions
}
