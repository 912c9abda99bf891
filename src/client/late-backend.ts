import type { Confirmer } from '../store/confirmer.ts'
import type { Store } from '../store/store.ts'
import type { Backend } from './backend.ts'

/** A store that is still being opened: every call waits for it. */
export function lateStore(backend: Promise<Backend>): Store {
  return late(async () => (await backend).store)
}

export function lateLocks(backend: Promise<Backend>): Backend['locks'] {
  return {
    acquire: async (place, id, ms) => (await backend).locks.acquire(place, id, ms),
    adopt(place, id, token) {
      const held = backend.then(({ locks }) => locks.adopt(place, id, token))
      return { token, extend: async (ms) => (await held).extend(ms), release: async () => (await held).release() }
    },
    close: async () => (await backend).locks.close(),
  }
}

export function lateConfirmer(backend: Promise<Backend>): Confirmer {
  return {
    async confirm(write) {
      const { confirmer, store } = await backend
      // The embedded server may have turned out to be memory, which nobody replicates.
      return confirmer ? confirmer.confirm(write) : { answer: await write(store), replicas: 0 }
    },
    close() {},
  }
}

function late(open: () => Promise<Store>): Store {
  return new Proxy({} as Store, {
    get:
      (_, name: keyof Store) =>
      async (...args: never[]) => {
        const store = await open()
        return (store[name] as (...args: never[]) => unknown)(...args)
      },
  })
}
