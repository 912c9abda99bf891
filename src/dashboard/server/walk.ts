import { compareMembers, type Member } from '../../store/lookout.ts'
import type { ListedMessage, Partition, Store } from '../../store/store.ts'
import { badRequest } from './failure.ts'
import { isWithin } from '../../client/steering/message-filter.ts'
import type { BoardQueue } from './queue-book.ts'

/** A message found on the way, with its place, from which to go on after it. */
export interface Found extends ListedMessage {
  readonly place: Member
}

export interface WalkOptions {
  /** A stored state, a leaf of several, or one that has others within it. */
  readonly state: string
  readonly newestFirst: boolean
  readonly after?: Member | undefined
  readonly idPrefix?: string | undefined
  /** Messages passed at most. */
  readonly most: number
  /** Messages read in one go. */
  readonly page: number
}

/** How far it came. */
export interface Walked {
  examined: number
  /** Whether nothing is left behind the last one. */
  complete: boolean
  /** The last one passed. */
  last: Member | undefined
}

interface Source {
  readonly partition: Partition
  readonly state: string
}

/** Text of messages read in one walk, in characters. A state may be full of large ones, and all that is read lies in memory. */
const MOST_TEXT = 64 * 1024 * 1024

/**
 * The messages of a state over all partitions, in the one order of their scores and ids: where one stands does not depend on what
 * comes and goes before it. `walked` tells how far it came, also to one who stops early.
 */
export async function* walk(
  store: Store,
  queue: BoardQueue,
  options: WalkOptions,
  walked: Walked,
): AsyncGenerator<Found> {
  const sources = await sourcesOf(store, queue, options.state)
  let text = 0
  walked.last = options.after
  while (walked.examined < options.most && text < MOST_TEXT) {
    const size = Math.min(options.page, options.most - walked.examined)
    const places = await nextPlaces(store, sources, options, walked.last, size)
    const wanted = places.filter(({ id }) => options.idPrefix === undefined || id.startsWith(options.idPrefix))
    const read = await readAll(store, wanted)
    for (const place of places) {
      walked.examined++
      walked.last = { id: place.id, score: place.score }
      const found = read.get(place.id)
      // One that left the state meanwhile is found in its new one.
      if (!found || found.message.state !== place.state) continue
      text += sizeOf(found)
      yield { ...found, place: walked.last }
    }
    if (places.length < size) {
      walked.complete = true
      return
    }
  }
}

async function sourcesOf(store: Store, { partitions }: BoardQueue, state: string): Promise<Source[]> {
  const all = await Promise.all(
    partitions.map(async (partition) => {
      const { states } = await store.stats(partition)
      return [...states.keys()].filter((each) => isWithin(each, state)).map((each) => ({ partition, state: each }))
    }),
  )
  return all.flat()
}

type Placed = Member & Source

async function nextPlaces(
  store: Store,
  sources: readonly Source[],
  { newestFirst }: WalkOptions,
  after: Member | undefined,
  limit: number,
): Promise<Placed[]> {
  const pages = await Promise.all(
    sources.map(async ({ partition, state }) => {
      const members = await store.members(partition, { state, after, limit, newestFirst })
      return members.map((member) => ({ ...member, partition, state }))
    }),
  )
  const order = (a: Placed, b: Placed): number => (newestFirst ? compareMembers(b, a) : compareMembers(a, b))
  return pages.length === 1 ? pages[0]! : pages.flat().toSorted(order).slice(0, limit)
}

async function readAll(store: Store, places: readonly Placed[]): Promise<Map<string, ListedMessage>> {
  const partitions = [...new Set(places.map(({ partition }) => partition))]
  const read = await Promise.all(
    partitions.map((partition) => {
      const here = places.filter((place) => place.partition === partition)
      return store.read(
        partition,
        here.map(({ id }) => id),
      )
    }),
  )
  return new Map(read.flat().flatMap((each) => (each ? [[each.message.id, each] as const] : [])))
}

const sizeOf = ({ message }: ListedMessage): number =>
  Object.values(message.fields).reduce((sum, text) => sum + text.length, 0)

/** A place as a text for a URL. */
export const cursorText = ({ id, score }: Member): string =>
  Buffer.from(JSON.stringify([score, id])).toString('base64url')

/** @throws RedriveError `E_INVALID_REQUEST` */
export function readCursor(text: string): Member {
  try {
    const [score, id] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [unknown, unknown]
    if (typeof score === 'number' && typeof id === 'string') return { score, id }
  } catch {
    // Told below.
  }
  throw badRequest('cursor must be the "next" of an earlier answer.', 400, { path: 'cursor' })
}
