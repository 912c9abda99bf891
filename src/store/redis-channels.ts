import type { Redis } from 'ioredis'
import { RedriveError } from '../errors.ts'
import { DEFAULTS } from '../options.ts'
import { disconnect } from './connection.ts'
import type { Keys } from './keys.ts'
import type { Partition, StoreListener } from './store.ts'

type Listener = (message: string) => void

export interface Channels {
  subscribe(partition: Partition, listener: StoreListener): Promise<() => Promise<void>>
  close(): void
}

/** Subscriptions of one process over one connection, which is opened with the first of them; ioredis subscribes again after a reconnect. */
/** @param refusal makes an error of Redrive of that of the driver */
export function createChannels(open: () => Redis, keys: Keys, refusal: (error: unknown) => unknown): Channels {
  const channels = new Map<string, { readonly listeners: Set<Listener>; readonly subscribed: Promise<unknown> }>()
  let connection: Redis | undefined
  const listening = new Set<StoreListener>()
  let closed = false
  let again: NodeJS.Timeout | undefined

  function subscriber(): Redis {
    if (closed) throw new RedriveError('E_CLOSED', 'this client is closed.')
    if (!connection) {
      connection = watched(open())
      connection.on('message', (channel: string, message: string) => {
        for (const listener of channels.get(channel)?.listeners ?? []) listener(message)
      })
    }
    return connection
  }

  /** After a new connection the driver subscribes by itself, and tells nobody when the server refuses it. */
  function watched(redis: Redis): Redis {
    const subscribe = redis.subscribe.bind(redis)
    redis.subscribe = (...names: unknown[]) => {
      const subscribed = subscribe(...(names as string[]))
      subscribed.catch(onRefused)
      return subscribed
    }
    return redis
  }

  function onRefused(error: unknown): void {
    // A first subscription that is refused is nobody's any more: who asked for it was told.
    setImmediate(() => {
      if (closed || again || channels.size === 0) return
      for (const { deaf } of listening) deaf?.(refusal(error))
      again = setTimeout(subscribeAgain, DEFAULTS.maxSleep)
    })
  }

  function subscribeAgain(): void {
    again = undefined
    if (!closed && channels.size > 0) connection?.subscribe(...channels.keys()).catch(() => {})
  }

  async function listen(channel: string, listener: Listener): Promise<void> {
    const known = channels.get(channel) ?? { listeners: new Set(), subscribed: subscriber().subscribe(channel) }
    channels.set(channel, known)
    known.listeners.add(listener)
    try {
      await known.subscribed
    } catch (error) {
      // Forgotten, so that the next one tries again.
      if (channels.get(channel) === known) channels.delete(channel)
      throw error
    }
  }

  function unlisten(channel: string, listener: Listener): void {
    const known = channels.get(channel)
    if (!known?.listeners.delete(listener) || known.listeners.size > 0) return
    channels.delete(channel)
    // Not waited for: a server that is gone would never answer, and a later subscription is behind it in line.
    if (connection?.status === 'ready') connection.unsubscribe(channel).catch(() => {})
  }

  return {
    async subscribe(partition, listener) {
      const routes: [string, Listener][] = []
      if (listener.wake ?? listener.mail ?? listener.paused)
        routes.push([keys.wakeChannel(partition), (message) => onWake(listener, message)])
      if (listener.feed ?? listener.progress)
        routes.push([keys.feedChannel(partition), (message) => onFeed(listener, message)])
      if (listener.large) routes.push([keys.largeChannel(partition), (message) => onLarge(listener, message)])
      for (const [channel, route] of routes) await listen(channel, route)
      listening.add(listener)
      return async () => {
        listening.delete(listener)
        for (const [channel, route] of routes) unlisten(channel, route)
      }
    },
    close() {
      closed = true
      clearTimeout(again)
      if (connection) disconnect(connection)
    },
  }
}

/** `w <due>`, `m <worker>\n<id>` or `p`; see the PUBLISH of each script. */
function onWake(listener: StoreListener, message: string): void {
  const body = message.slice(2)
  if (message.startsWith('w ')) listener.wake?.(Number(body))
  else if (message === 'p') listener.paused?.()
  else listener.mail?.(body.slice(body.indexOf('\n') + 1), body.slice(0, body.indexOf('\n')))
}

/** `<position> <time> <transitions>` or `p <id>\n<progress>`. */
function onFeed(listener: StoreListener, message: string): void {
  if (message.startsWith('p ')) {
    const end = message.indexOf('\n')
    return listener.progress?.(message.slice(2, end), message.slice(end + 1))
  }
  const first = message.indexOf(' ')
  const second = message.indexOf(' ', first + 1)
  const at = Number(message.slice(first + 1, second))
  listener.feed?.({ position: message.slice(0, first), at, text: message.slice(second + 1) })
}

/** `<position> <name>\n<text>` */
function onLarge(listener: StoreListener, message: string): void {
  const first = message.indexOf(' ')
  const end = message.indexOf('\n')
  listener.large?.(message.slice(0, first), message.slice(first + 1, end), message.slice(end + 1))
}
