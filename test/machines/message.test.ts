import { describe, expect, test } from '@jest/globals'
import { createActor } from 'xstate'
import { DEFAULT_RETRY_POLICY, messageMachine, RetryableError, SnoozeError } from '../../machines/index.ts'
import { death, failTimes, LEASE_LOST, play, playing } from './play-message.ts'

describe('a message on its way', () => {
  test('is delivered at once, and its result is the output', async () => {
    const message = play()
    expect(message.state()).toBe('pending')
    message.wait(0)
    expect(message.state()).toBe('processing')
    await message.succeed({ sent: true })
    expect(message.actor.getSnapshot()).toMatchObject({ value: 'succeeded', status: 'done', output: { sent: true } })
    expect([...message.actor.getSnapshot().tags]).toEqual(['succeeded'])
  })

  test('is delivered after its delay, not a millisecond before', () => {
    const message = play({}, { delay: 5000 })
    message.wait(4999)
    expect(message.state()).toBe('pending')
    message.wait(1)
    expect(message.state()).toBe('processing')
  })

  test('hands the very payload to the handler, at every attempt', async () => {
    const payload = { to: 'ada' }
    const message = playing({}, { payload })
    await failTimes(message, 3)
    expect(message.runs.map((run) => run.input === payload)).toEqual([true, true, true])
  })

  test('stores nothing but the payload until its first attempt', () => {
    const payload = { to: 'ada' }
    expect(play({}, { payload, delay: 0 }).context()).toStrictEqual({ payload })
    expect(play({}, { payload, retry: {} }).context()).toStrictEqual({ payload })
    expect(play({}, { payload, retry: { attempts: undefined as never, backoff: {} } }).context()).toStrictEqual({
      payload,
    })
    expect(play({ deadline: 1000 }, { payload, delay: 5 }).context()).toStrictEqual({ payload, delay: 5, createdAt: 0 })
  })

  test('starts without input in tools that only draw it', () => {
    expect(createActor(messageMachine, {} as never).getSnapshot()).toMatchObject({ value: 'pending', context: {} })
  })
})

describe('a failing message', () => {
  test('is tried 5 times, after 1, 2, 4 and 8 seconds, and is then dead', async () => {
    const message = playing()
    for (const delay of [1000, 2000, 4000, 8000]) {
      await message.fail(new Error('refused'))
      expect(message.state()).toBe('retrying')
      expect([...message.actor.getSnapshot().tags]).toEqual(['retrying'])
      expect(message.context().delay).toBe(delay)
      message.wait(delay - 1)
      expect(message.state()).toBe('retrying')
      message.wait(1)
      expect(message.state()).toBe('processing')
    }
    await message.fail(new Error('refused'))
    expect(death(message)).toEqual(['dead', 'exhausted'])
    expect(message.context().attempt).toBe(5)
    expect(message.runs).toHaveLength(5)
  })

  test('spreads its retries by default', async () => {
    const message = playing({ random: () => 0.25, backoff: { jitter: 'full' } })
    await message.fail(new Error('refused'))
    expect(message.context().delay).toBe(250)
    expect(DEFAULT_RETRY_POLICY.backoff.jitter).toBe('full')
  })

  test('draws the jitter once for a decision, however many guards ask', async () => {
    let draws = 0
    const random = () => [0.9, 0.1, 0.2, 0.3][draws++] ?? 0
    const message = playing({ random, deadline: 60_000, backoff: { jitter: 'full' } })
    await message.fail(new Error('refused'))
    expect([draws, message.context().delay]).toEqual([1, 900])
  })

  test('keeps the last error as data, also when it succeeds in the end', async () => {
    const message = playing()
    await message.fail(Object.assign(new TypeError('no route'), { code: 'ENETUNREACH' }))
    message.wait(1000)
    await message.succeed()
    expect(message.context().error).toMatchObject({ name: 'TypeError', message: 'no route', code: 'ENETUNREACH' })
  })

  test('may fail with anything', async () => {
    for (const thrown of ['boom', undefined, null, 42]) {
      const message = playing()
      await message.fail(thrown)
      expect(message.state()).toBe('retrying')
      expect(message.context().error).toStrictEqual({
        name: 'NonError',
        message: String(thrown),
        code: 'E_NON_ERROR_THROWN',
      })
    }
  })

  test('with attempts: 1 is never retried, with Infinity always', async () => {
    const once = playing({ attempts: 1 })
    await once.fail(new Error('refused'))
    expect(death(once)).toEqual(['dead', 'exhausted'])
    const forever = playing({ attempts: Infinity })
    await failTimes(forever, 50)
    expect(forever.state()).toBe('retrying')
  })

  test('tells a custom backoff how long it waited before', async () => {
    const previous: number[] = []
    const compute = ({ previousDelay }: { previousDelay: number }) => (previous.push(previousDelay), 70 + previousDelay)
    const message = playing({ backoff: { type: 'custom', compute } }, { delay: 12 })
    await failTimes(message, 3)
    expect(previous).toEqual([0, 70, 140])
  })
})

describe('attempts that do not count', () => {
  test('a snooze waits exactly as long as it says, as often as it likes', async () => {
    const message = playing({ attempts: 2, backoff: { max: 1000 } })
    for (let i = 0; i < 10; i++) {
      expect(message.context().attempt).toBe(1)
      await message.fail(new SnoozeError(90_000))
      expect(message.context()).toStrictEqual({ payload: { to: 'ada' }, attempt: 0, delay: 90_000 })
      message.wait(89_999)
      expect(message.state()).toBe('retrying')
      message.wait(1)
    }
    await failTimes(message, 1)
    expect(message.state()).toBe('retrying')
    await failTimes(message, 1)
    expect(death(message)).toEqual(['dead', 'exhausted'])
  })

  test('a lost lease starts the same attempt again at once', async () => {
    const message = playing({ attempts: 1 })
    await message.fail(LEASE_LOST)
    expect(message.state()).toBe('processing')
    expect(message.context()).toMatchObject({ attempt: 1, leasesLost: 1, error: { code: 'E_LEASE_LOST' } })
    expect(message.runs).toHaveLength(2)
    await message.succeed()
    expect(message.state()).toBe('succeeded')
  })

  test('a message that takes its workers with it is poisoned after 3 lost leases', async () => {
    const message = playing()
    for (let i = 0; i < 3; i++) await message.fail(LEASE_LOST)
    expect(message.state()).toBe('processing')
    await message.fail(LEASE_LOST)
    expect(death(message)).toEqual(['dead', 'poisoned'])
    expect(message.context().leasesLost).toBe(4)
  })

  test('lost leases are counted apart from failures, also between them', async () => {
    const message = playing({ attempts: 2, maxLeasesLost: 1 })
    await message.fail(LEASE_LOST)
    await failTimes(message, 1)
    expect(message.context()).toMatchObject({ attempt: 1, leasesLost: 1 })
    message.actor.send({ type: 'RETRY' })
    await message.fail(LEASE_LOST)
    expect(death(message)).toEqual(['dead', 'poisoned'])
  })

  test('an attempt that a shutdown interrupts leaves no trace', async () => {
    const message = playing({ maxLeasesLost: 0 })
    for (let i = 0; i < 10; i++)
      await message.fail({ name: 'RedriveError', message: 'shutdown', code: 'E_INTERRUPTED' })
    expect(message.state()).toBe('processing')
    expect(message.context()).toStrictEqual({ payload: { to: 'ada' }, attempt: 1 })
  })
})

describe('Retry-After', () => {
  test.each([
    ['longer than the backoff', 5000, 5000],
    ['shorter than the backoff', 10, 1000],
    ['longer than the cap', 600_000, 600_000],
  ])('%s: waits the longer of the two', async (_, retryAfter, delay) => {
    const message = playing()
    await message.fail(new RetryableError('busy', { retryAfter }))
    expect(message.context().delay).toBe(delay)
  })

  test('as a date is read by the clock of the policy', async () => {
    const message = playing()
    await message.fail({
      message: '503',
      response: { headers: new Headers({ 'retry-after': new Date(30_000).toUTCString() }) },
    })
    expect(message.context().delay).toBe(30_000)
  })
})

describe('a person', () => {
  test('can deliver a delayed message now, and retry one now', async () => {
    const message = play({}, { delay: 60_000 })
    message.actor.send({ type: 'RETRY' })
    expect(message.state()).toBe('processing')
    await message.fail(new Error('refused'))
    message.actor.send({ type: 'RETRY' })
    expect(message.state()).toBe('processing')
    expect(message.context().attempt).toBe(2)
  })

  test('can cancel a message that waits or runs, for good', async () => {
    const waiting = play()
    const running = playing()
    const retrying = playing()
    await retrying.fail(new Error('refused'))
    for (const message of [waiting, running, retrying]) {
      message.actor.send({ type: 'CANCEL' })
      expect(message.actor.getSnapshot()).toMatchObject({ value: 'cancelled', status: 'done', output: undefined })
      expect([...message.actor.getSnapshot().tags]).toEqual(['cancelled'])
    }
    expect(running.runs[0]?.signal.aborted).toBe(true)
  })

  test('can redrive a dead message: it starts from the beginning, at once, and remembers', async () => {
    const message = playing({ attempts: 2, maxLeasesLost: 1 })
    await message.fail(LEASE_LOST)
    await failTimes(message, 2)
    message.actor.send({ type: 'REDRIVE' })
    expect(message.state()).toBe('pending')
    expect(message.context()).toMatchObject({
      attempt: 0,
      leasesLost: 0,
      delay: 0,
      redrives: 1,
      error: { message: 'failure 2' },
    })
    message.wait(0)
    expect(message.context().attempt).toBe(1)
    await failTimes(message, 2)
    message.actor.send({ type: 'REDRIVE' })
    expect(message.context().redrives).toBe(2)
  })

  test('cannot do what the state does not take', () => {
    const message = playing()
    message.actor.send({ type: 'RETRY' })
    message.actor.send({ type: 'REDRIVE' })
    expect(message.state()).toBe('processing')
    expect(message.runs).toHaveLength(1)
  })
})
