import { describe, expect, test } from '@jest/globals'
import type { Transition } from '../../src/index.ts'
import { PARKED, type StoredMessage } from '../../src/store/store.ts'
import { check } from './checker.ts'
import type { Facts, QueueFacts, Report } from './facts.ts'
import type { Entry } from './record-file.ts'
import { planOf, queueOf, type QueueName } from './workload.ts'

const SEED = 1
const PLAIN = 'plain-0'
const FLEETING = 'fleeting-1'
const ORDERED = 'ordered-4'
const START = 1_000_000

/** Facts of a run, as a test may change them. */
interface Scene {
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

const delay = planOf(SEED, 0).send.delay ? Number(planOf(SEED, 0).send.delay) : 0
const done = START + delay + 5

/** A message that was sent, worked on and done; one that is gone with its end; one that took all notes. */
function goodRun(): Scene {
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

function factsOf({ steps, messages, scores, records, strays, promised }: Scene): Facts {
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

const judge = (change: (scene: Scene) => void): Report => {
  const scene = goodRun()
  change(scene)
  return check(factsOf(scene))
}

const stepOf = (scene: Scene, id: string, event: string): Scene['steps'][number] =>
  scene.steps.find((step) => step.id === id && step.event === event)!

test('a good run has no findings', () => {
  expect(judge(() => {})).toMatchObject({ messages: 3, findings: [], duplicateExecutions: 0, rolledBack: 0 })
})

test('a handler that ran once more is counted, and no finding', () => {
  const again: Entry = { t: 'start', id: PLAIN, src: 'handler', fence: '4:y', at: START }
  expect(judge(({ records }) => void records.push(again))).toMatchObject({ findings: [], duplicateExecutions: 1 })
})

const without = (scene: Scene, ...ids: string[]): void => {
  scene.steps = scene.steps.filter(({ id }) => !ids.includes(id))
  for (const id of ids) delete scene.messages[id]
  for (const members of Object.values(scene.scores)) for (const id of ids) delete members[id]
}

describe('it sees', () => {
  test.each<[string, string, (scene: Scene) => void]>([
    ['an answered message of which nothing is there', 'lost', (scene) => without(scene, PLAIN)],
    [
      'a message that is gone',
      'lost',
      ({ messages, scores }) => (delete messages[PLAIN], delete scores['succeeded']![PLAIN]),
    ],
    [
      'a message that nobody claims though it is due',
      'lost',
      (scene) => {
        scene.steps = scene.steps.filter(({ id, event }) => id !== PLAIN || event === 'init')
        scene.messages[PLAIN] = { state: 'pending', timers: [{ nonce: 'n', text: '', due: START + delay }] }
        scene.scores = { ...scene.scores, succeeded: {}, pending: { [PLAIN]: START + delay } }
      },
    ],
    [
      'two commits of one fence',
      'doubleCommitted',
      ({ steps }) => {
        const step = steps.find(({ id, event }) => id === ORDERED && event === 'done review')!
        step.revision--
      },
    ],
    [
      'a revision that goes back',
      'doubleCommitted',
      (scene) => void (stepOf(scene, PLAIN, 'done handler').revision = 1),
    ],
    [
      'a message that came back after its end',
      'doubleCommitted',
      (scene) => void scene.steps.push({ ...stepOf(scene, FLEETING, 'init'), at: done + 5 }),
    ],
    [
      'a transition that the machine does not have',
      'illegal',
      (scene) => void (stepOf(scene, PLAIN, 'done handler').to = 'dead'),
    ],
    [
      'a step out of a state that it was not in',
      'illegal',
      (scene) => void (stepOf(scene, PLAIN, 'done handler').from = 'retrying'),
    ],
    [
      'a step after the end',
      'illegal',
      (scene) => void scene.steps.push({ ...stepOf(scene, PLAIN, 'done handler'), revision: 9 }),
    ],
    [
      'an end before the attempts are used up',
      'illegal',
      (scene) =>
        void Object.assign(stepOf(scene, PLAIN, 'done handler'), {
          event: 'error handler',
          to: 'dead',
          status: 'active',
          code: 'E_BUSY',
        }),
    ],
    [
      'a result of a handler that never ran',
      'illegal',
      (scene) => void (scene.records = scene.records.filter(({ t, id }) => t !== 'start' || id !== PLAIN)),
    ],
    [
      'a hash that says another state than its history',
      'illegal',
      ({ messages }) => void (messages[PLAIN]!.state = 'dead'),
    ],
    [
      'a revision below that of a commit',
      'illegal',
      ({ messages }) => void (messages[PLAIN] = { state: 'succeeded', revision: 2 }),
    ],
    [
      'a message in the set of another state',
      'indexDrift',
      ({ scores }) => void (scores['pending'] = { [PLAIN]: START }),
    ],
    ['a message that its set does not have', 'indexDrift', ({ scores }) => void delete scores['succeeded']![PLAIN]],
    ['a member without its message', 'indexDrift', ({ scores }) => void (scores['succeeded']!['plain-90'] = PARKED)],
    [
      'a message at rest with a score that is due',
      'indexDrift',
      ({ scores }) => void (scores['succeeded']![PLAIN] = START),
    ],
    ['a key of no message', 'indexDrift', ({ strays }) => void strays.push('rd:{plain:0}:i:plain-90')],
    [
      'a timer that is early',
      'earlyTimers',
      (scene) => {
        for (const step of scene.steps.filter(({ id }) => id === PLAIN).slice(1)) step.at = START - 1
      },
    ],
    [
      'a note that was answered and not taken',
      'signalsLost',
      (scene) =>
        scene.records.push({ t: 'note', id: ORDERED, sender: 'a', number: 4, status: 'delivered', clean: true }),
    ],
    [
      'a note that was taken twice',
      'signalsLost',
      (scene) =>
        void (scene.steps.findLast(({ event }) => event === 'NOTE')!.emitted = [
          { type: 'noted', sender: 'b', number: 2 },
        ]),
    ],
    [
      'notes of one sender that overtook each other',
      'signalsLost',
      ({ steps }) => {
        const notes = steps.filter(({ event }) => event === 'NOTE')
        ;[notes[0]!.emitted, notes[1]!.emitted] = [notes[1]!.emitted!, notes[0]!.emitted!]
      },
    ],
  ])('%s', (_, kind, change) => {
    expect(judge(change).findings).toContainEqual(expect.objectContaining({ kind }))
  })
})

describe('after a failover', () => {
  const takenBack = (confirmed: number) => (scene: Scene) => {
    without(scene, PLAIN)
    scene.promised = 'confirmed'
    scene.records = scene.records.map((entry) =>
      entry.t === 'ack' || entry.t === 'note' ? { ...entry, confirmed } : entry,
    )
  }

  test('what no replica had may be gone, and is counted', () => {
    expect(judge(takenBack(0))).toMatchObject({ findings: [], rolledBack: 1 })
  })

  test('what one had may not', () => {
    expect(judge(takenBack(1)).findings).toEqual([expect.objectContaining({ kind: 'lost', id: PLAIN })])
  })
})
