import { withDeadline } from '../../deadline.ts'
import type { Store } from '../../store/store.ts'

type Reads = Pick<
  Store,
  | 'read'
  | 'list'
  | 'stats'
  | 'inbox'
  | 'survey'
  | 'members'
  | 'server'
  | 'queues'
  | 'arrive'
  | 'readFeed'
  | 'readLarge'
  | 'feedEnd'
>

/** What only reads of a store. Somebody waits for the answer: after `ms` he is told that Redis is away, rather than later. */
export function hurriedStore(store: Store, ms: number): Store {
  const hurried = <Name extends keyof Reads>(name: Name): Store[Name] => {
    const call = store[name] as (...args: unknown[]) => Promise<unknown>
    return ((...args: unknown[]) => withDeadline(call(...args), ms, 'Redis')) as Store[Name]
  }
  const reads: Reads = {
    read: hurried('read'),
    list: hurried('list'),
    stats: hurried('stats'),
    inbox: hurried('inbox'),
    survey: hurried('survey'),
    members: hurried('members'),
    server: hurried('server'),
    queues: hurried('queues'),
    arrive: hurried('arrive'),
    readFeed: hurried('readFeed'),
    readLarge: hurried('readLarge'),
    feedEnd: hurried('feedEnd'),
  }
  return new Proxy(store, {
    get: (target, name, receiver) =>
      name in reads ? reads[name as keyof Reads] : (Reflect.get(target, name, receiver) as unknown),
  })
}
