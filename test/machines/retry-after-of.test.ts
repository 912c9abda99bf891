import { describe, expect, test } from '@jest/globals'
import { toErrorData } from '../../machines/index.ts'

const of = (fields: object, cause?: unknown): number | undefined =>
  toErrorData(Object.assign(new Error('429', { cause }), fields), 0).retryAfter

describe('what an HTTP client says about the next attempt', () => {
  test.each<[string, object]>([
    ['Headers', { headers: new Headers({ 'Retry-After': '3' }) }],
    ['a response of fetch', { response: new Response('', { headers: { 'RETRY-AFTER': '3' } }) }],
    ['axios', { response: { headers: { 'Retry-after': '3' } } }],
    ['got and node:http', { response: { headers: { 'retry-after': '3' } } }],
    ['undici', { headers: { 'Retry-After': '3' }, body: {} }],
    [
      'raw headers of undici',
      { headers: [Buffer.from('Server'), Buffer.from('x'), Buffer.from('Retry-After'), Buffer.from('3')] },
    ],
    ['raw headers of node:http', { res: { rawHeaders: ['Server', 'x', 'rEtRy-AfTeR', '3'] } }],
    [
      'pairs',
      {
        headers: [
          ['x', '1'],
          ['Retry-After', '3'],
        ],
      },
    ],
    ['a Map', { headers: new Map([['Retry-After', '3']]) }],
    ['several values', { headers: { 'RETRY-AFTER': ['3', '9'] } }],
    ['the AWS SDK', { $response: { headers: { 'Retry-After': '3' } } }],
    ['something with get() alone', { headers: { get: (name: string) => (name === 'retry-after' ? 3 : null) } }],
    ['a date', { headers: { 'Retry-AFTER': 'Thu, 01 Jan 1970 00:00:03 GMT' } }],
  ])('%s: in seconds or as a date, in any case of its letters, also of a cause', (_, fields) => {
    expect(of(fields)).toBe(3000)
    const cause = Object.assign(new Error('inner'), fields)
    expect(of({}, cause)).toBe(3000)
    expect(of({ headers: { 'retry-after': 'soon' } }, new Error('between', { cause }))).toBe(3000)
  })

  test('the own property of the error is in milliseconds, and comes first', () => {
    expect(of({ retryAfter: 30, headers: { 'Retry-After': '3' } })).toBe(30)
  })

  test('causes that go round, and headers that throw, say nothing', () => {
    const round = new Error('round')
    round.cause = round
    const broken = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no')
        },
      },
    )
    expect(toErrorData(round, 0).retryAfter).toBeUndefined()
    expect(of({ headers: broken, response: { headers: 7 } })).toBeUndefined()
  })
})
