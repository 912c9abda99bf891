/** What an error tells of itself: its causes where it says nothing, its name and its own data. */
import { describe, expect, test } from '@jest/globals'
import { toErrorData } from '../../machines/index.ts'
import { errorSummary } from '../../src/engine/storable.ts'
import { reasonOf, RedriveError } from '../../src/errors.ts'
import { createRedaction, scrubError } from '../../src/redaction.ts'

class QuotaError extends Error {
  status = 429
  retryAfter = 5000
  quota = { used: 7, of: 5 }
}
const refused = (address: string): Error => new Error(`connect ECONNREFUSED ${address}`)
const both = (): Error =>
  Object.assign(new AggregateError([refused('::1:80'), refused('127.0.0.1:80')]), { code: 'ECONNREFUSED' })
const circle = new AggregateError([])
circle.errors.push(circle)

describe('an error without a message tells its causes', () => {
  const told = 'connect ECONNREFUSED ::1:80; connect ECONNREFUSED 127.0.0.1:80'
  test.each<[unknown, string]>([
    [both(), told],
    [new TypeError('fetch failed', { cause: both() }), `fetch failed: ${told}`],
    [new Error('', { cause: refused('h') }), 'connect ECONNREFUSED h'],
    [Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE'],
    [Object.assign(new Error(''), { error: new Error('first'), suppressed: new Error('second') }), 'first; second'],
    [new AggregateError(['text', 7]), 'text; 7'],
    [circle, ''],
  ])('%p', (error, message) => {
    expect(errorSummary(error).message).toBe(message)
    expect(toErrorData(error).message).toBe(message)
    expect(reasonOf(error)).toContain(message)
  })
})

test('a cause that the message does not tell is told in a log, to a depth, and not twice', () => {
  expect(reasonOf(new Error('no answer', { cause: refused('h') }))).toBe('no answer (cause: connect ECONNREFUSED h)')
  expect(reasonOf(new Error('no answer: x', { cause: new Error('x') }))).toBe('no answer: x')
  const round = new Error('a')
  round.cause = new Error('b', { cause: round })
  expect(reasonOf(round)).toBe('a (cause: b)')
  expect(reasonOf(Object.create(null))).toBe('an unprintable object')
})

test.each([toErrorData, errorSummary])('%p keeps the name and the data of an own class', (tell) => {
  const facts = { name: 'QuotaError', message: 'too many', status: 429, retryAfter: 5000, quota: { used: 7, of: 5 } }
  expect(tell(new QuotaError('too many'))).toMatchObject(facts)
  expect(tell(Object.freeze(new QuotaError('too many')))).toMatchObject(facts)
  expect(tell(new DOMException('stopped', 'AbortError'))).toMatchObject({ name: 'AbortError', message: 'stopped' })
})

test('its own data comes back unchanged from itself and from JSON', () => {
  const data = toErrorData(new QuotaError('too many'))
  expect(toErrorData(data)).toEqual(data)
  expect(JSON.parse(JSON.stringify(data))).toEqual(data)
})

test('neither large things nor secrets nor what throws come with it', () => {
  const error = Object.assign(new Error('x'), {
    config: { headers: { authorization: 'Bearer s3cret' } },
    apiKey: 's3cret',
    nested: { password: 's3cret', id: 1 },
    url: 'https://ada:s3cret@host/x?y=1',
    at: new Date(0),
    socket: new Map(),
    text: 'x'.repeat(1000),
    none: () => {},
    ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field${i}`, i])),
  })
  Object.defineProperty(error, 'broken', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  const told = errorSummary(error)
  expect(JSON.stringify(told)).not.toContain('s3cret')
  expect(told).toMatchObject({
    apiKey: '[redacted]',
    nested: { password: '[redacted]', id: 1 },
    url: 'https://[redacted]@host/x?y=1',
    at: '1970-01-01T00:00:00.000Z',
  })
  expect(told).not.toHaveProperty('config')
  expect(Object.keys(told).length).toBeLessThanOrEqual(25)
  expect(JSON.stringify(told).length).toBeLessThan(3000)
})

test('what a queue hides is hidden in them, also in an error that is frozen', () => {
  const redaction = createRedaction(['card'])
  const input = { card: '4111111111111111' }
  for (const seal of [Object.freeze, (error: Error) => error]) {
    const error = seal(Object.assign(new QuotaError('of 4111111111111111'), { card: 'x', note: 'of 4111111111111111' }))
    const told = errorSummary(scrubError(error, redaction, input))
    expect(told).toMatchObject({
      name: 'QuotaError',
      message: 'of [redacted]',
      card: '[redacted]',
      note: 'of [redacted]',
    })
  }
})

test('a code stands once in a message', () => {
  expect(new RedriveError('E_CLOSED', 'E_CLOSED: it is closed.').message).toBe('E_CLOSED: it is closed.')
})
