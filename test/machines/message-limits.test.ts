import { describe, expect, test } from '@jest/globals'
import { createActor } from 'xstate'
import {
  messageMachine,
  NonRetryableError,
  RetryableError,
  SnoozeError,
  type RetryPolicy,
} from '../../machines/index.ts'
import { death, LEASE_LOST, play, playing } from './play-message.ts'

describe('a fatal error', () => {
  test.each<[string, RetryPolicy, unknown]>([
    ['a NonRetryableError', {}, new NonRetryableError('no such customer')],
    ['any error with retryable: false', {}, Object.assign(new Error('x'), { retryable: false })],
    ['an error listed by name', { nonRetryable: ['RangeError'] }, new RangeError('x')],
    ['an error listed by code', { nonRetryable: ['E_GONE'] }, Object.assign(new Error('x'), { code: 'E_GONE' })],
    ['an error listed by a numeric code', { nonRetryable: ['404'] }, { name: 'HttpError', message: 'x', code: 404 }],
    ['an error that retryIf refuses', { retryIf: ({ message }) => message !== 'x' }, new Error('x')],
  ])('%s makes the message dead at once', async (_, policy, error) => {
    const message = playing(policy)
    await message.fail(error)
    expect(death(message)).toEqual(['dead', 'fatal'])
    expect([...message.actor.getSnapshot().tags]).toEqual(['dead', 'settled'])
    expect(message.actor.getSnapshot().status).toBe('active')
  })

  test.each<[string, RetryPolicy]>([
    ['retryIf that returns nothing', { retryIf: () => undefined as never }],
    [
      'retryIf that throws',
      {
        retryIf: () => {
          throw new Error('slip')
        },
      },
    ],
    ['a list without it', { nonRetryable: ['RangeError'] }],
  ])('%s does not make it fatal', async (_, policy) => {
    const message = playing(policy)
    await message.fail(new Error('x'))
    expect(message.state()).toBe('retrying')
  })

  test('without a handler the message says what to do', async () => {
    const actor = createActor(messageMachine, { input: { payload: 1 } })
    const settled = new Promise((resolve) => actor.subscribe((snapshot) => snapshot.hasTag('dead') && resolve(0)))
    actor.start()
    actor.send({ type: 'RETRY' })
    await settled
    expect(actor.getSnapshot().context).toMatchObject({ reason: 'fatal', error: { code: 'E_MISSING_HANDLER' } })
    expect(actor.getSnapshot().context.error?.message).toContain('provide')
  })
})

describe('a deadline', () => {
  test('ends the retries: one that would start after it is not waited for', async () => {
    const message = playing({ deadline: 3000 })
    await message.fail(new Error('refused'))
    message.wait(1000)
    await message.fail(new Error('refused again'))
    expect(death(message)).toEqual(['dead', 'deadline'])
    expect(message.context().error?.message).toBe('refused again')
  })

  test('allows a retry that starts before it', async () => {
    const message = playing({ deadline: 3001 })
    await message.fail(new Error('refused'))
    message.wait(1000)
    await message.fail(new Error('refused'))
    expect(message.state()).toBe('retrying')
  })

  test.each([
    ['a snooze', new SnoozeError(3000)],
    ['what a server asks for', new RetryableError('busy', { retryAfter: 3000 })],
  ])('is not exceeded by %s', async (_, error) => {
    const message = playing({ deadline: 3000 })
    await message.fail(error)
    expect(death(message)).toEqual(['dead', 'deadline'])
  })

  test('aborts the attempt that is running then', () => {
    const message = playing({ deadline: 3000, timeout: 10_000 })
    message.wait(2999)
    expect(message.runs[0]?.signal.aborted).toBe(false)
    message.wait(1)
    expect(message.runs[0]?.signal.aborted).toBe(true)
    expect(death(message)).toEqual(['dead', 'deadline'])
    expect(message.context().error).toMatchObject({ code: 'E_ATTEMPT_TIMEOUT' })
  })

  test('keeps a lost lease from starting another attempt', async () => {
    let now = 0
    const message = playing({ deadline: 3000, now: () => now })
    now = 3000
    await message.fail(LEASE_LOST)
    expect(death(message)).toEqual(['dead', 'deadline'])
  })

  test.each(['timer', 'RETRY'])('an overdue message is not started any more by %s', async (starter) => {
    let now = 0
    for (const waiting of ['pending', 'retrying']) {
      now = 0
      const message = play({ deadline: 3000, now: () => now }, { delay: 100 })
      if (waiting === 'retrying') {
        message.wait(100)
        await message.fail(new Error('refused'))
      }
      expect(message.state()).toBe(waiting)
      const runs = message.runs.length
      now = 3000
      if (starter === 'RETRY') message.actor.send({ type: 'RETRY' })
      else message.wait(1000)
      expect([...death(message), message.runs.length]).toEqual(['dead', 'deadline', runs])
    }
  })

  test('starts again with a redrive', async () => {
    const message = playing({ deadline: 3000, attempts: 1 })
    message.wait(1000)
    await message.fail(new Error('refused'))
    message.wait(9000)
    message.actor.send({ type: 'REDRIVE' })
    expect(message.context().createdAt).toBe(10_000)
    message.wait(0)
    expect(message.state()).toBe('processing')
    message.wait(2999)
    expect(message.state()).toBe('processing')
    message.wait(1)
    expect(message.state()).toBe('dead')
  })
})

describe('a time limit', () => {
  test('aborts the signal of the handler, and the attempt has failed', () => {
    const message = playing({ timeout: 30_000 })
    message.wait(29_999)
    expect(message.runs[0]?.signal.aborted).toBe(false)
    message.wait(1)
    expect(message.runs[0]?.signal.aborted).toBe(true)
    expect(message.state()).toBe('retrying')
    expect(message.context()).toMatchObject({ attempt: 1, error: { name: 'TimeoutError', code: 'E_ATTEMPT_TIMEOUT' } })
    expect(message.context().error?.message).toContain('30000 ms')
  })

  test('counts anew for each attempt, and attempts run out by it', () => {
    const message = playing({ timeout: 30_000, attempts: 2 })
    message.wait(30_000)
    message.wait(1000)
    message.wait(29_999)
    expect(message.state()).toBe('processing')
    message.wait(1)
    expect(death(message)).toEqual(['dead', 'exhausted'])
  })

  test('follows the rules for errors: it can be listed as non-retryable', () => {
    const message = playing({ timeout: 10, nonRetryable: ['TimeoutError'] })
    message.wait(10)
    expect(death(message)).toEqual(['dead', 'fatal'])
  })

  test('is as long as a timer can count when none is set', () => {
    const message = playing()
    message.wait(2 ** 31 - 2)
    expect(message.state()).toBe('processing')
    message.wait(1)
    expect(message.state()).toBe('retrying')
  })
})
