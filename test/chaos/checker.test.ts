import { describe, expect, test } from '@jest/globals'
import { PARKED } from '../../src/store/store.ts'
import { check } from './checker.ts'
import type { Report } from './facts.ts'
import { delay, done, factsOf, FLEETING, goodRun, ORDERED, PLAIN, START, type Scene } from './good-run.ts'
import type { Entry } from './record-file.ts'

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
