import { createMemoryStore, Redrive, silentLogger, type RedriveOptions } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from './redis.ts'

/** Clients on one backend, closed together. */
export interface TestBackend {
  readonly name: string
  /** A further client of the same messages, as another process would have it. */
  open(options?: RedriveOptions): Redrive
  readonly redis?: TestRedis
  stop(): Promise<void>
}

export async function onRedis(
  config: Record<string, string> = {},
): Promise<TestBackend & { readonly redis: TestRedis }> {
  const redis = await startTestRedis(config)
  const clients: Redrive[] = []
  return {
    name: 'redis',
    redis,
    open(options = {}) {
      const client = new Redrive({ redis: redis.url, logger: silentLogger, ...options })
      clients.push(client)
      return client
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close({ timeout: 0 })))
      await redis.stop()
    },
  }
}

export async function inMemory(): Promise<TestBackend> {
  const store = createMemoryStore()
  const clients: Redrive[] = []
  return {
    name: 'memory',
    open(options = {}) {
      const client = new Redrive({ store, logger: silentLogger, ...options })
      clients.push(client)
      return client
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close({ timeout: 0 })))
    },
  }
}

/** Waits until `condition` holds (or returns something), and fails after `ms`. */
export async function until<T>(condition: () => T | Promise<T>, ms = 60_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms
  for (;;) {
    const value = await condition()
    if (value) return value
    if (performance.now() > deadline) throw new Error(`did not come true within ${ms} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A promise and its key. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void
  const opened = new Promise<T>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
