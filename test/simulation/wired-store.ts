import type { MemoryStore } from '../../src/store/memory-store.ts'
import type { StoreListener } from '../../src/store/store.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Wire } from './wire.ts'

/** The store as one process has it: each of its calls goes over a connection that can fail. */
export function wiredStore(server: MemoryStore, wire: Wire, process: SimulatedProcess): MemoryStore {
  const own: Partial<MemoryStore> = {
    clock: process.clock,
    subscribe: (partition, listener) =>
      wire.call('subscribe', async () => {
        const end = await server.subscribe(partition, overWire(listener, wire))
        process.whenEnded(() => void end())
        return end
      }),
    // A lock is taken without a wait; what it is called for, a handler's own heartbeat, has waits around it.
    lock: (partition, id, token, ms, held) => process.alive && server.lock(partition, id, token, ms, held),
    close: async () => {},
  }
  return new Proxy(server, {
    get(_, name: keyof MemoryStore) {
      if (name in own) return own[name]
      const call = server[name]
      if (typeof call !== 'function') return call
      return (...args: never[]) => wire.call(name, async () => (call as (...given: never[]) => unknown)(...args))
    },
  })
}

function overWire({ wake, mail, feed, large, progress }: StoreListener, wire: Wire): StoreListener {
  return {
    ...(wake ? { wake: (due) => wire.announce(() => wake(due)) } : {}),
    ...(mail ? { mail: (id, worker) => wire.announce(() => mail(id, worker)) } : {}),
    ...(feed ? { feed: (entry) => wire.announce(() => feed(entry)) } : {}),
    ...(large ? { large: (position, name, text) => wire.announce(() => large(position, name, text)) } : {}),
    ...(progress ? { progress: (id, text) => wire.announce(() => progress(id, text)) } : {}),
  }
}
