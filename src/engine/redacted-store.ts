import { decode, encode } from '../codec.ts'
import { hasCode } from '../errors.ts'
import { createRedaction, HIDDEN, type Redaction } from '../redaction.ts'
import type { Fields, ListedMessage, Store, StoredMessage } from '../store/store.ts'
import { unknownMark } from '../stored-form.ts'
import type { Failure } from './failure.ts'
import type { QueueRuntime } from './runtime.ts'
import { FIELD } from './snapshot.ts'

/** The store of a queue for those who look. */
export const storeToSee = ({ name, store, settings }: Pick<QueueRuntime, 'name' | 'store' | 'settings'>): Store =>
  redactedStore(store, (queue) => (queue === name ? settings.redaction : undefined))

/** How long what a queue hides is believed, in milliseconds. */
const BELIEVED = 1000

/**
 * A store for those who look: what the definition of a queue hides is not in what they read. What it is is asked of the server, so that a
 * process that knows nothing else of the queue hides it too. What is written, or worked on, goes by the store itself.
 * @param own what this process hides of its queues, as long as no definition says anything of that: whoever only reads defines none
 */
export function redactedStore(store: Store, own: (queue: string) => Redaction | undefined = () => undefined): Store {
  let known: Promise<ReadonlyMap<string, Redaction | undefined>> | undefined
  let askedAt = -Infinity

  /** `undefined` for a queue of which nothing is hidden any more. */
  async function ask(): Promise<ReadonlyMap<string, Redaction | undefined>> {
    const redactions = new Map<string, Redaction | undefined>()
    for (const [name, { redact }] of await store.queues())
      if (redact) redactions.set(name, redact.length > 0 ? createRedaction(redact) : undefined)
    return redactions
  }

  async function of(queue: string): Promise<Redaction | undefined> {
    if (!known || performance.now() - askedAt > BELIEVED) {
      askedAt = performance.now()
      known = ask()
      // What could not be asked is asked again.
      known.catch(() => (known = undefined))
    }
    const redactions = await known
    return redactions.has(queue) ? redactions.get(queue) : own(queue)
  }

  const reads: Pick<Store, 'read' | 'list' | 'inbox' | 'readFeed' | 'readLarge' | 'subscribe'> = {
    async read(partition, ids) {
      const redaction = await of(partition.queue)
      const found = await store.read(partition, ids)
      return redaction ? found.map((listed) => listed && redactListed(listed, redaction)) : found
    },
    async list(partition, query) {
      const redaction = await of(partition.queue)
      const found = await store.list(partition, query)
      return redaction ? found.map((listed) => redactListed(listed, redaction)) : found
    },
    async inbox(partition, id) {
      const redaction = await of(partition.queue)
      const texts = await store.inbox(partition, id)
      return redaction ? texts.map((text) => redactMail(text, redaction)) : texts
    },
    async readFeed(partition, after, count) {
      const redaction = await of(partition.queue)
      const page = await store.readFeed(partition, after, count)
      if (!redaction) return page
      return { ...page, entries: page.entries.map((entry) => ({ ...entry, text: redactFeed(entry.text, redaction) })) }
    },
    async readLarge(partition, position) {
      const redaction = await of(partition.queue)
      const texts = await store.readLarge(partition, position)
      return redaction ? new Map([...texts].map(([name, text]) => [name, redactText(text, redaction)])) : texts
    },
    async subscribe(partition, listener) {
      const redaction = await of(partition.queue)
      if (!redaction) return store.subscribe(partition, listener)
      const { feed, large, progress } = listener
      return store.subscribe(partition, {
        ...listener,
        ...(feed ? { feed: (entry) => feed({ ...entry, text: redactFeed(entry.text, redaction) }) } : {}),
        ...(large ? { large: (position, name, text) => large(position, name, redactText(text, redaction)) } : {}),
        ...(progress ? { progress: (id, text) => progress(id, redactText(text, redaction)) } : {}),
      })
    },
  }
  return new Proxy(store, {
    get: (target, name, receiver) =>
      name in reads ? reads[name as keyof typeof reads] : (Reflect.get(target, name, receiver) as unknown),
  })
}

const redactListed = (listed: ListedMessage, redaction: Redaction): ListedMessage => ({
  ...listed,
  message: redactMessage(listed.message, redaction),
})

function redactMessage(stored: StoredMessage, redaction: Redaction): StoredMessage {
  const { timers, inbox, progress, journal } = stored
  return {
    ...stored,
    fields: redactFields(stored.fields, redaction),
    timers: timers.map((timer) => ({ ...timer, text: redactLines(timer.text, 1, redaction) })),
    journal: journal.map((line) => ({ ...line, text: redactJournal(line.text, redaction) })),
    inbox: inbox.map((text) => redactMail(text, redaction)),
    ...(progress === undefined ? {} : { progress: redactText(progress, redaction) }),
  }
}

const WHOLE: ReadonlySet<string> = new Set([
  FIELD.input,
  FIELD.sentInput,
  FIELD.output,
  FIELD.error,
  FIELD.quarantine,
  FIELD.actors,
])

function redactFields(fields: Fields, redaction: Redaction): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([field, text]) => [field, redactField(field, text, redaction)] as const),
  )
}

function redactField(field: string, text: string, redaction: Redaction): string {
  if (WHOLE.has(field)) return redactText(text, redaction)
  if (field === FIELD.context) return redactLines(text, 1, redaction)
  if (field === FIELD.failure) return redactFailure(text, redaction)
  if (field.startsWith(FIELD.invocation)) return redactLines(text, 2, redaction)
  if (field.startsWith(FIELD.action) || field.startsWith(FIELD.result)) return redactLines(text, 1, redaction)
  return text
}

/** What a message held before it failed, as what it holds. */
function redactFailure(text: string, redaction: Redaction): string {
  try {
    const failure = decode(text) as Failure
    const timers = failure.timers.map(([timer, ...rest]) => [redactLines(timer, 1, redaction), ...rest])
    return encode({ ...failure, fields: redactFields(failure.fields, redaction), timers }, 'failure')
  } catch {
    return HIDDEN
  }
}

/** The lines from one on are values by the codec, one of them behind a colon; names and references stand before them. */
function redactLines(text: string, from: number, redaction: Redaction): string {
  return text
    .split('\n')
    .map((line, i) => {
      if (i < from || line === '' || line.startsWith('=')) return line
      return line.startsWith(':') ? `:${redactText(line.slice(1), redaction)}` : redactText(line, redaction)
    })
    .join('\n')
}

/** What changed in the context stands behind four parts, and in the last line alone; an error before it may be of several. */
function redactJournal(text: string, redaction: Redaction): string {
  const line = text.lastIndexOf('\n')
  if (line < 0 || text.split('\u001f').length <= 4) return text
  return text.slice(0, line + 1) + redactText(text.slice(line + 1), redaction)
}

const redactMail = (text: string, redaction: Redaction): string =>
  text.startsWith('#') ? redactLines(text, 1, redaction) : redactText(text, redaction)

/** What cannot be read cannot be looked through either: then nothing of it is shown but that its form is not known. */
export function redactText(text: string, { clean }: Redaction): string {
  try {
    return encode(clean(decode(text)), 'value')
  } catch (error) {
    return hasCode(error, 'E_UNKNOWN_FORM') ? `${unknownMark(text)}${HIDDEN}` : HIDDEN
  }
}

type Extras = Readonly<Record<string, unknown>>

/** Transitions as the feed has them: outputs and emitted events are texts within. */
export function redactFeed(text: string, redaction: Redaction): string {
  try {
    const tuples = JSON.parse(text) as unknown[][]
    return JSON.stringify(
      tuples.map((tuple) => tuple.map((part, i) => (i < 6 ? part : redactExtras(part as Extras, redaction)))),
    )
  } catch {
    return '[]'
  }
}

const redactExtras = (extras: Extras, redaction: Redaction): Extras =>
  Object.fromEntries(
    Object.entries(extras).map(([key, value]) => [
      key,
      (key === 'o' || key === 'm') && typeof value === 'string' ? redactText(value, redaction) : value,
    ]),
  )
