import type { Transition } from '../../src/index.ts'
import { PARKED, type StoredMessage } from '../../src/store/store.ts'
import type { Facts, QueueFacts } from './facts.ts'
import type { Entry } from './record-file.ts'
import { planOf, queueOf, type QueueName } from './workload.ts'

const SEED = 1
export const PLAIN = 'plain-0'
export const FLEETING = 'fleeting-1'
export const ORDERED = 'ordered-4'
export const START = 1_000_000

/** Facts of a run, as a test may change them. */
export interface Scene {
  steps: {
    id: string
    at: number
    revision: number
    event: string
    from: string | null
    to: string
    status?: string
    emitted?: Transition['emitted']
    code?: string
  }[]
  messages: Record<string, Partial<StoredMessage> & { state: string }>
  scores: Record<string, Record<string, number>>
  records: Entry[]
  strays: string[]
  promised: Facts['promised']
}

export const delay = planOf(SEED, 0).send.delay ? Number(planOf(SEED, 0).send.delay) : 0
export const done = START + delay + 5

/** A message that was sent, worked on and done; one that is gone with its end; one that took all notes. */
export function goodRun(): Scene {
  const notes = ['a', 'b'].flatMap((sender) => [1, 2, 3].map((number) => ({ sender, number })))
  const steps: Scene['steps'] = []
  const plain = (id: string, waits: number): void => {
    steps.push({ id, at: START, revision: 0, event: 'init', from: null, to: 'pending' })
    steps.push({ id, at: START + waits, revision: 2, event: 'after deliver', from: 'pending', to: 'processing' })
    steps.push({
      id,
      at: START + waits + 5,
      revision: 3,
      event: 'done handler',
      from: 'processing',
      to: 'succeeded',
      status: 'done',
    })
  }
  plain(PLAIN, delay)
  plain(FLEETING, Number(planOf(SEED, 1).send.delay ?? 0))
  steps.push({ id: ORDERED, at: START, revision: 0, event: 'init', from: null, to: 'open' })
  let state = 'open'
  notes.forEach((note, i) => {
    const to = i % 2 === 1 ? 'reviewing' : 'open'
    steps.push({
      id: ORDERED,
      at: START,
      revision: 2 + 2 * i,
      event: 'NOTE',
      from: state,
      to,
      emitted: [{ type: 'noted', ...note }],
    })
    if (to === 'reviewing') {
      const end = i === 5 ? 'closed' : 'open'
      steps.push({
        id: ORDERED,
        at: START,
        revision: 3 + 2 * i,
        event: 'done review',
        from: to,
        to: end,
        ...(end === 'closed' ? { status: 'done' } : {}),
      })
      state = end
    } else state = to
  })
  const start = (id: string, src: string): Entry => ({ t: 'start', id, src, fence: '2:x', at: START })
  return {
    steps,
    messages: { [PLAIN]: { state: 'succeeded', revision: 3 }, [ORDERED]: { state: 'closed', revision: 13 } },
    scores: { succeeded: { [PLAIN]: PARKED + done }, closed: { [ORDERED]: PARKED + START } },
    records: [
      ...[PLAIN, FLEETING, ORDERED].flatMap((id): Entry[] => [
        { t: 'try', id },
        { t: 'ack', id, status: 'created' },
      ]),
      start(PLAIN, 'handler'),
      start(FLEETING, 'handler'),
      ...[1, 2, 3].map(() => start(ORDERED, 'review')),
      ...notes.map((note): Entry => ({ t: 'note', id: ORDERED, ...note, status: 'delivered', clean: true })),
    ],
    strays: [],
    promised: 'answered',
  }
}

/** What the checker would see of it. */
export function factsOf({ steps, messages, scores, records, strays, promised }: Scene): Facts {
  const queueFacts = (queue: QueueName): QueueFacts => ({
    feed: steps
      .filter(({ id }) => queueOf(id) === queue)
      .map(({ at, code, status = 'active', ...step }, i) => ({
        position: `${at}-${i}`,
        transitions: [
          {
            queue,
            at,
            tags: [],
            worker: 'w',
            status,
            ...(code ? { error: { name: 'Error', message: '', code } } : {}),
            ...step,
          } as Transition,
        ],
      })),
    messages: new Map(
      Object.entries(messages)
        .filter(([id]) => queueOf(id) === queue)
        .map(([id, message]) => {
          const journal = steps.filter((step) => step.id === id).map(({ at }, seq) => ({ seq, at, text: '' }))
          const rest = { id, revision: 0, fields: {}, timers: [], inbox: [], createdAt: START, enteredAt: START }
          return [id, { ...rest, journal, ...message }]
        }),
    ),
    sets: new Map(
      Object.entries(scores).map(([state, members]) => [
        state,
        new Map(Object.entries(members).filter(([id]) => queueOf(id) === queue)),
      ]),
    ),
    strays: queue === 'plain' ? strays : [],
  })
  const names: QueueName[] = ['plain', 'fleeting', 'ordered']
  return {
    seed: SEED,
    now: START + 60_000,
    setBack: undefined,
    promised,
    records,
    queues: new Map(names.map((name) => [name, queueFacts(name)])),
  }
}
