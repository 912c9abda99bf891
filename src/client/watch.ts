import type { QueueRuntime } from '../engine/runtime.ts'
import { asError, hasCode } from '../errors.ts'
import type { Transition } from '../message.ts'
import { DEFAULTS } from '../options.ts'
import { onAbort, orAborted } from './abort.ts'
import type { FeedWatch, Heard } from './feed-watch.ts'
import { checkFeedOptions, readFeed, type FeedOptions, type FeedTransition } from './feed.ts'
import { fillIn } from './large.ts'

const isLast = ({ status, tags }: Transition): boolean => status !== 'active' || tags.includes('settled')

/** The transitions of one message until it is settled; those from now on come from the reader that all watchers share. */
export async function* watchMessage(
  queue: QueueRuntime,
  watch: FeedWatch,
  id: string,
  options: FeedOptions = {},
): AsyncGenerator<FeedTransition> {
  checkFeedOptions(options, 'watch()')
  if (options.from !== undefined && options.from !== 'now') {
    yield* fromThere(queue, id, options)
    return
  }
  const { signal } = options
  const ended = signal ? AbortSignal.any([queue.closed, signal]) : queue.closed
  const heard: (Heard | { readonly error: Error })[] = []
  let wake = (): void => {}
  const put = (news: (typeof heard)[number]): void => {
    heard.push(news)
    wake()
  }
  const fail = (error: unknown): void => put({ error: asError(error) })
  const endWatch = watch.watch(id, { hear: put, missed: fail, end: fail })
  const endListening = onAbort(ended, () => wake())
  try {
    await orAborted(watch.ready(), ended)
    while (!ended.aborted) {
      const news = heard.shift()
      if (!news) {
        await new Promise<void>((resolve) => {
          wake = resolve
          if (ended.aborted) resolve()
        })
        continue
      }
      if ('error' in news) throw news.error
      const transition = await orAborted(filled(queue, news, ended), ended)
      if (!transition) return
      yield { ...transition, position: news.position }
      if (isLast(transition)) return
    }
  } finally {
    endListening()
    endWatch()
  }
}

async function* fromThere(queue: QueueRuntime, id: string, options: FeedOptions): AsyncGenerator<FeedTransition> {
  for await (const transition of readFeed(queue, options)) {
    if (transition.id !== id) continue
    yield transition
    if (isLast(transition)) return
  }
}

/** With its large parts; asked for again while Redis is away. */
async function filled(
  queue: QueueRuntime,
  { partition, entry, tuple }: Heard,
  ended: AbortSignal,
): Promise<Transition | undefined> {
  while (!ended.aborted) {
    try {
      return (await fillIn(queue.store, partition, entry, [tuple]))[0]
    } catch (error) {
      if (!hasCode(error, 'E_REDIS_UNAVAILABLE')) throw error
    }
    await new Promise<void>((resolve) => queue.clock.after(DEFAULTS.maxSleep, resolve))
  }
  return undefined
}
