import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import type {
  Claim,
  ClaimedMessage,
  ClaimRequest,
  CommitEntry,
  CommitResult,
  EnqueueStatus,
  FirstStep,
  ListedMessage,
  NewMessage,
  Partition,
  Store,
} from '../../src/store/store.ts'

/** A store under test, and what only its adapter can do: move time, and hold a lock as a foreign client. */
export interface StoreHarness {
  readonly store: Store
  /** Resolves when the clock of the store shows at least `time`. */
  reach(time: number): Promise<void>
  /** Takes the lock of a message as a foreign client does; `false` when somebody holds it. */
  hold(partition: Partition, id: string, token: string, ms: number): Promise<boolean>
  /** Gives a foreign lock back. */
  letGo(partition: Partition, id: string, token: string): Promise<void>
  close(): Promise<void>
}

/** A partition of its own in a store, and the shortest way to say what happens in it. */
export interface Scene extends StoreHarness {
  readonly partition: Partition
  send(...messages: NewMessage[]): Promise<EnqueueStatus[]>
  claim(request?: Partial<ClaimRequest>): Promise<Claim>
  /** Claims exactly one message. */
  take(request?: Partial<ClaimRequest>): Promise<ClaimedMessage>
  /** Claims until there is something, or fails after a while. */
  claimDue(request?: Partial<ClaimRequest>): Promise<Claim>
  commit(...entries: CommitEntry[]): Promise<readonly CommitResult[]>
  deliver(id: string, ...events: string[]): Promise<string[]>
  get(id: string): Promise<ListedMessage>
  /** Number of messages by state, without the empty ones. */
  population(): Promise<Record<string, number>>
  /** Texts of the feed, oldest first. */
  feed(): Promise<string[]>
  now(): Promise<number>
}

/** Long enough that no test sees its end. */
export const LONG = 60_000
/** Short enough to wait for, where the clock cannot be moved. */
export const SHORT = 60

export const newToken = (): string => randomBytes(16).toString('hex')

export function message(id: string, changes: Partial<FirstStep & Pick<NewMessage, 'large'>> = {}): NewMessage {
  const { fields = { m: 'machine@1', c: '\n{}', p: '"hello"' }, large, ...step } = changes
  const first: FirstStep = {
    state: 'todo',
    fields: {},
    timers: [],
    attention: 'now',
    journal: 'todo',
    transition: '"todo"',
    ...step,
  }
  return { id, first, fields, ...(large ? { large } : {}) }
}

/** The smallest commit of a message: it stays as it is. */
export function entry(
  { id, fence, state }: Pick<ClaimedMessage, 'id' | 'fence' | 'state'>,
  changes: Partial<CommitEntry> = {},
): CommitEntry {
  return {
    id,
    fence,
    state,
    changes: [],
    setTimers: [],
    clearTimers: [],
    attention: 'timers',
    disposal: 'release',
    consumed: 0,
    entered: false,
    journal: [],
    forget: [],
    transitions: [],
    ...changes,
  }
}

/** The fence after a commit that kept the lease. */
export function nextFence({ fence }: Pick<ClaimedMessage, 'fence'>): string {
  const [revision, token] = fence.split(':')
  return `${Number(revision) + 1}:${token}`
}

let scenes = 0

export function createScene(harness: StoreHarness): Scene {
  const { store } = harness
  const partition: Partition = { queue: `q${++scenes}`, index: 0 }

  function claim(request: Partial<ClaimRequest> = {}): Promise<Claim> {
    return store.claim(partition, { token: newToken(), worker: 'w1', limit: 100, lease: LONG, ...request })
  }

  const now = async (): Promise<number> => (await store.stats(partition)).now

  async function claimSome(request?: Partial<ClaimRequest>): Promise<Claim> {
    const deadline = (await now()) + 10_000
    for (;;) {
      const found = await claim(request)
      if (found.messages.length > 0) return found
      expect(found.now).toBeLessThan(deadline)
      await harness.reach(found.now + 5)
    }
  }

  return {
    ...harness,
    partition,
    claim,
    claimDue: claimSome,
    now,
    send: (...messages) => store.enqueue(partition, newToken(), messages),
    async take(request) {
      const { messages } = await claim(request)
      expect(messages).toHaveLength(1)
      return messages[0]!
    },
    async commit(...entries) {
      return (await store.commit(partition, { worker: 'w1', lease: LONG, entries })).results
    },
    deliver: (id, ...events) =>
      store.deliver(
        partition,
        newToken(),
        events.map((event) => ({ id, event })),
      ),
    async get(id) {
      const [listed] = await store.read(partition, [id])
      expect(listed).toBeDefined()
      return listed!
    },
    async population() {
      const { states } = await store.stats(partition)
      return Object.fromEntries([...states].filter(([, count]) => count > 0))
    },
    async feed() {
      const { entries } = await store.readFeed(partition, '0', 1000)
      return entries.map(({ text }) => text)
    },
  }
}

/** Waits for what an announcement brings; announcements arrive after the call that made them. */
export async function until(condition: () => boolean, what = String(condition)): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still not: ${what}`)
    await sleep(2)
  }
}

export const ids = (messages: readonly { readonly id: string }[]): string[] => messages.map(({ id }) => id)
