import type { Queue } from '../client/queue.ts'
import type { Message } from '../message.ts'

/** Messages in one call. A list of messages is read whole, so a page is bounded. */
const PAGE = 1000

export interface MessagesQuery {
  readonly state: string
  readonly newestFirst: boolean
  readonly limit: number
}

/** The messages of a state, page by page. One that moves meanwhile can come twice or not at all. */
export async function* messagesOf(queue: Queue, { state, newestFirst, limit }: MessagesQuery): AsyncGenerator<Message> {
  for (let offset = 0; offset < limit; offset += PAGE) {
    const size = Math.min(PAGE, limit - offset)
    const page = await queue.list({ state, newestFirst, offset, limit: size })
    yield* page
    if (page.length < size) return
  }
}
