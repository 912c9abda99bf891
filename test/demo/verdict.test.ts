import { expect, test } from '@jest/globals'

interface Delivery {
  number: number
  id: string
  worker: string
  digest: string
  outcome: string
}
interface Account {
  sent: { id: string; digest: string }
  stored: { state: string; output?: unknown; context: object } | undefined
}
interface Verdict {
  succeeded: number
  dead: number
  refused: number
  lost: number
  duplicateDeliveries: number
  faults: string[]
}

const path = '../../scripts/demo/verdict.mjs'
const { verdict } = (await import(path)) as { verdict: (accounts: Account[], log: Delivery[]) => Verdict }

const sent = { id: 'm1', digest: 'abc' }
const succeeded: Account = { sent, stored: { state: 'succeeded', output: { status: 200, delivery: 2 }, context: {} } }
const exhausted: Account = { sent, stored: { state: 'dead', context: { reason: 'exhausted' } } }
const refused: Account = { sent, stored: { state: 'dead', context: { reason: 'fatal' } } }

/** A log of deliveries of one message, with these outcomes. */
const log = (...outcomes: string[]): Delivery[] =>
  outcomes.map((outcome, i) => ({ number: i + 1, id: 'm1', worker: 'worker-1', digest: 'abc', outcome }))

test('a message that succeeded by an answer of the log is well', () => {
  expect(verdict([succeeded], log('500', '200'))).toEqual({
    succeeded: 1,
    dead: 0,
    refused: 0,
    lost: 0,
    duplicateDeliveries: 0,
    faults: [],
  })
})

test('dead messages are well when the receiver never accepted them', () => {
  expect(verdict([exhausted], log('500', 'hang', '429')).faults).toEqual([])
  expect(verdict([refused], log('400'))).toMatchObject({ dead: 1, refused: 1, faults: [] })
})

test('a second acceptance is counted, and is no fault: handlers run at least once', () => {
  expect(verdict([succeeded], log('200', '200'))).toMatchObject({ duplicateDeliveries: 1, lost: 0, faults: [] })
})

test.each<[string, Account, Delivery[]]>([
  ['it succeeded, and the receiver never accepted it', succeeded, log('500', '500')],
  ['it succeeded, and the receiver never accepted it', succeeded, []],
  ['it succeeded by delivery 2, and the receiver has 500 there', succeeded, log('200', '500')],
  ['it succeeded by delivery 2, and the receiver has none there', succeeded, log('200')],
  ['it is dead, and the receiver accepted it', exhausted, log('500', '200')],
  ['it is dead, and the receiver never saw it', exhausted, []],
  ['it is dead without a retry, and the receiver never refused it', refused, log('429')],
  [
    'delivery 2 is not what was sent',
    succeeded,
    log('500', '200').map((d, i) => (i === 1 ? { ...d, digest: 'x' } : d)),
  ],
])('it finds: %s', (fault, account, deliveries) => {
  expect(verdict([account], deliveries).faults).toEqual([`m1: ${fault}`])
})

test('a message that is missing or under way is lost', () => {
  const missing = { sent, stored: undefined }
  const waiting = { sent: { ...sent, id: 'm2' }, stored: { state: 'retrying', context: {} } }
  const { lost, faults } = verdict([missing, waiting], [])
  expect(lost).toBe(2)
  expect(faults).toEqual([
    'm1: it is lost, the store does not have it',
    'm2: it ended in "retrying", which is no terminal state',
  ])
})

test('a delivery that nobody sent is a fault', () => {
  expect(verdict([], log('404')).faults).toEqual(['m1: the receiver got it, and nobody sent it'])
})
