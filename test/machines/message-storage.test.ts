import { describe, expect, test } from '@jest/globals'
import { messageMachine, NonRetryableError } from '../../machines/index.ts'
import { LEASE_LOST, play, revived, type Play } from './play-message.ts'

describe('storage', () => {
  const policy = { attempts: 2, deadline: 60_000 }
  const input = { delay: 100, retry: { timeout: 500, backoff: { delay: 7 } } }
  const lives: Record<string, (message: Play) => Promise<void> | void> = {
    pending: () => {},
    processing: (message) => message.wait(100),
    retrying: async (message) => {
      message.wait(100)
      await message.fail(new Error('refused', { cause: new Error('socket') }))
    },
    succeeded: async (message) => {
      message.wait(100)
      await message.succeed({ sent: true })
    },
    cancelled: (message) => message.actor.send({ type: 'CANCEL' }),
    dead: async (message) => {
      message.wait(100)
      await message.fail(LEASE_LOST)
      await message.fail(undefined)
      message.actor.send({ type: 'RETRY' })
      await message.fail(new NonRetryableError('no such customer'))
    },
  }

  test('knows every state', () => expect(Object.keys(lives)).toEqual(Object.keys(messageMachine.states)))

  test.each(Object.entries(lives))('%s comes back from JSON unchanged', async (state, live) => {
    const message = play(policy, input)
    await live(message)
    const before = message.actor.getSnapshot()
    const after = revived(message).getSnapshot()
    expect([after.value, after.status, after.output]).toEqual([state, before.status, before.output])
    expect(after.context).toStrictEqual(before.context)
    expect([...after.tags]).toEqual([...before.tags])
  })

  test('a redriven message has no undefined either', async () => {
    const message = play(policy, input)
    await lives['dead']?.(message)
    message.actor.send({ type: 'REDRIVE' })
    expect(JSON.parse(JSON.stringify(message.context()))).toStrictEqual(message.context())
  })

  test('has a short id, and a description of every state for the chart', () => {
    expect(messageMachine.id).toBe('message')
    for (const state of Object.values(messageMachine.states)) expect(state.description).toMatch(/^[A-Z].{10,}\.$/)
  })
})
