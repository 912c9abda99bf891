import { describe, expect, test } from '@jest/globals'
import { initialTransition } from 'xstate'
import { createMessageMachine, DEFAULT_RETRY_POLICY, type RetryPolicy } from '../../machines/index.ts'
import { death, failTimes, LEASE_LOST, nextSnapshot, play, playing, revived } from './play-message.ts'

describe('what one message sets for itself', () => {
  test('attempts', async () => {
    const message = playing({ attempts: 5 }, { retry: { attempts: 1 } })
    await message.fail(new Error('refused'))
    expect(death(message)).toEqual(['dead', 'exhausted'])
  })

  test('backoff, merged with that of the policy', async () => {
    const message = playing({ backoff: { delay: 100 } }, { retry: { backoff: { type: 'polynomial', exponent: 3 } } })
    await failTimes(message, 2)
    expect(message.context().delay).toBe(800)
  })

  test('timeout', () => {
    const message = playing({ timeout: 1000 }, { retry: { timeout: 50 } })
    message.wait(50)
    expect(message.state()).toBe('retrying')
  })

  test('deadline', async () => {
    const message = playing({}, { retry: { deadline: 1000 } })
    await message.fail(new Error('refused'))
    expect(death(message)).toEqual(['dead', 'deadline'])
  })

  test('maxLeasesLost', async () => {
    const message = playing({}, { retry: { maxLeasesLost: 0 } })
    await message.fail(LEASE_LOST)
    expect(death(message)).toEqual(['dead', 'poisoned'])
  })

  test('stays valid for stored messages when the policy changes under it', async () => {
    const stored = playing({}, { retry: { backoff: { delay: 9000 } } })
    const stricter = play({ backoff: { delay: 10, max: 50 } })
    const actor = revived(stored, stricter.machine).start()
    const seen = nextSnapshot(actor)
    stricter.runs.at(-1)?.reject(new Error('refused'))
    await seen
    expect(actor.getSnapshot()).toMatchObject({ value: 'retrying', context: { delay: 50 } })
  })
})

describe('options that cannot work', () => {
  const refusal = (make: () => unknown): unknown => {
    try {
      make()
    } catch (error) {
      return error
    }
    return undefined
  }

  test.each<[string, unknown, string]>([
    ['attempts', { attempts: 0 }, 'from 1 to Infinity; got 0'],
    ['attempts', { attempts: -1 }, 'got -1'],
    ['attempts', { attempts: 1.5 }, 'a whole number'],
    ['attempts', { attempts: NaN }, 'got NaN'],
    ['attempts', { attempts: '5' }, 'got "5" (a string)'],
    ['attempts', { attempts: null }, 'got null'],
    ['timeout', { timeout: 2 ** 31 }, 'from 1 to 2147483647'],
    ['timeout', { timeout: 0 }, 'got 0'],
    ['timeout', { timeout: '10m' }, 'milliseconds'],
    ['deadline', { deadline: NaN }, 'got NaN'],
    ['maxLeasesLost', { maxLeasesLost: -1 }, 'from 0'],
    ['nonRetryable', { nonRetryable: 'E_GONE' }, 'an array of strings'],
    ['nonRetryable', { nonRetryable: [404] }, 'an array of strings'],
    ['retryIf', { retryIf: true }, 'a function'],
    ['now', { now: 5 }, 'a function'],
    ['random', { random: {} }, 'a function; got an object'],
    ['backoff', { backoff: 'fixed' }, 'an object'],
    ['backoff.type', { backoff: { type: 'linear' } }, '"fixed", "exponential", "polynomial", "custom"; got "linear"'],
    ['backoff.delay', { backoff: { delay: -1 } }, 'from 0'],
    ['backoff.delay', { backoff: { delay: 10, max: 5 } }, 'at most retry.backoff.max, which is 5; got 10'],
    ['backoff.factor', { backoff: { factor: 0.5 } }, 'from 1'],
    ['backoff.exponent', { backoff: { exponent: Infinity } }, 'to 100'],
    ['backoff.max', { backoff: { max: Infinity } }, 'to 2147483647'],
    ['backoff.jitter', { backoff: { jitter: true } }, '"full", "equal", "none"'],
    ['backoff.compute', { backoff: { type: 'custom' } }, 'a function when the type is "custom"'],
    ['backoff.compute', { backoff: { type: 'custom', compute: 5 } }, 'a function'],
    ['atempts', { atempts: 3 }, 'one of: attempts, backoff'],
  ])('%s in a policy: %j', (option, policy, text) => {
    const error = refusal(() => createMessageMachine(policy as RetryPolicy))
    expect(error).toMatchObject({ code: 'E_INVALID_OPTION', option: `retry.${option}` })
    expect((error as Error).message).toMatch(`retry.${option} must be `)
    expect((error as Error).message).toContain(text)
  })

  test('a wrong type is a TypeError, a wrong value a RangeError', () => {
    expect(refusal(() => createMessageMachine({ attempts: '5' as never }))).toBeInstanceOf(TypeError)
    expect(refusal(() => createMessageMachine({ attempts: 0 }))).toBeInstanceOf(RangeError)
    expect(refusal(() => createMessageMachine(null as never))).toBeInstanceOf(TypeError)
  })

  test.each<[string, unknown]>([
    ['delay', { delay: -1 }],
    ['delay', { delay: NaN }],
    ['delay', { delay: '10m' }],
    ['delay', { delay: 60_000 }],
    ['retry', { retry: 5 }],
    ['retry.attempts', { retry: { attempts: Infinity } }],
    ['retry.deadline', { retry: { deadline: Infinity } }],
    ['retry.retryIf', { retry: { retryIf: () => true } }],
    ['retry.backoff.type', { retry: { backoff: { type: 'custom' } } }],
    ['retry.backoff.compute', { retry: { backoff: { compute: () => 5 } } }],
    ['retry.backoff.delay', { retry: { backoff: { delay: 20_000 } } }],
  ])('%s in the input of a message: %j', (option, input) => {
    const machine = createMessageMachine({ deadline: 60_000, backoff: { max: 10_000 } })
    const [snapshot] = initialTransition(machine, Object.assign({ payload: 1 }, input))
    expect(snapshot.error).toMatchObject({ code: 'E_INVALID_OPTION', option })
  })

  test('options that are undefined are absent', async () => {
    const message = playing({ attempts: undefined, deadline: undefined, backoff: { delay: undefined } } as never)
    await message.fail(new Error('refused'))
    expect(message.context().delay).toBe(1000)
  })

  test('the defaults cannot be changed from outside', () => {
    expect(Object.isFrozen(DEFAULT_RETRY_POLICY)).toBe(true)
    expect(Object.isFrozen(DEFAULT_RETRY_POLICY.backoff)).toBe(true)
    expect(Object.isFrozen(DEFAULT_RETRY_POLICY.nonRetryable)).toBe(true)
  })
})
