import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, createMachine, fromPromise, setup } from 'xstate'
import { sendToMessage } from '../../machines/index.ts'
import type { HandlerContext, Logger, Queue, Redrive } from '../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'
import { parentOf, type Heard } from './talking-machines.ts'

const WAIT = { timeout: '20s' }

/** A machine that keeps the texts of all that is said to it. */
const listener = setup({
  types: { context: {} as { heard: string[] }, events: {} as { type: 'SAY'; text: string } | { type: 'END' } },
}).createMachine({
  id: 'listener',
  context: { heard: [] },
  initial: 'listening',
  states: {
    listening: {
      on: { SAY: { actions: assign({ heard: ({ context, event }) => [...context.heard, event.text] }) }, END: 'ended' },
    },
    ended: { type: 'final' },
  },
})

const say = (text: string) => ({ type: 'SAY', text })

async function heardBy(redrive: Redrive, queue: string, count: number): Promise<unknown> {
  const listeners: Queue = redrive.queue(queue)
  return until(async () => {
    const heard = (await listeners.get('l'))?.context['heard'] as string[]
    return heard.length >= count ? heard : undefined
  })
}

function collecting(): { readonly lines: string[]; readonly logger: Logger } {
  const lines: string[] = []
  const add = (text: string): void => void lines.push(text)
  return { lines, logger: { debug() {}, info() {}, warn: add, error: add } }
}

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('events to other messages on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  async function listen(queue: string, redrive = backend.open()): Promise<Redrive> {
    const listeners = redrive.queue(queue, { machine: listener, partitions: 4 })
    listeners.work()
    await listeners.send({}, { id: 'l' })
    return redrive
  }

  test('an action sends them, in the order of the machine, also from its first step, to a queue of another process', async () => {
    const theirs = await listen('said')
    const l = { queue: 'said', id: 'l' }
    const speaker = createMachine({
      id: 'speaker',
      initial: 'a',
      entry: [sendToMessage(l, say('first')), sendToMessage(l, say('second'))],
      states: {
        a: { on: { GO: { target: 'b', actions: sendToMessage(l, ({ event }) => say(`after ${event.type}`)) } } },
        b: { entry: sendToMessage(l, say('last')), type: 'final' },
      },
    })
    // This client does not know the queue of the listener.
    const speakers = backend.open().queue('speakers', { machine: speaker, partitions: 4, retention: { succeeded: 0 } })
    speakers.work()
    await speakers.send({}, { id: 's' })
    await speakers.signal('s', { type: 'GO' })
    expect(await heardBy(theirs, 'said', 4)).toEqual(['first', 'second', 'after GO', 'last'])
    // What it had to say is said before nothing is left of it.
    await until(async () => (await speakers.get('s')) === undefined)
  })

  test('those of a later step wait for those of an earlier one', async () => {
    const first = gate()
    const asked = gate()
    const events = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value: unknown) => {
          if ((value as { text?: string }).text === 'first') {
            asked.open()
            await first.opened
          }
          return { value }
        },
      },
    } as const
    const redrive = backend.open()
    const listeners = redrive.queue('patient', { machine: listener, events })
    listeners.work()
    await listeners.send({}, { id: 'l' })
    const talk = (text: string) => sendToMessage({ queue: 'patient', id: 'l' }, say(text))
    const machine = createMachine({
      id: 'speaker',
      initial: 'a',
      entry: talk('first'),
      states: { a: { on: { GO: 'b' } }, b: { entry: talk('second'), type: 'final' } },
    })
    const speakers = redrive.queue('steps', { machine })
    speakers.work()
    await speakers.send({}, { id: 's' })
    await asked.opened
    await speakers.signal('s', { type: 'GO' }, { wait: '5s' })
    first.open()
    expect(await heardBy(redrive, 'patient', 2)).toEqual(['first', 'second'])
  })

  test('a handler sends with its success: once, and nothing of an attempt that failed', async () => {
    const redrive = await listen('told')
    const tellers = redrive.queue('tellers', { retry: { attempts: 3, backoff: { type: 'fixed', delay: 0 } } })
    let late: HandlerContext['send'] = () => {}
    tellers.work((_input, { attempt, send }) => {
      const event = say(`attempt ${attempt}`)
      send({ queue: 'told', id: 'l' }, event)
      // It goes as it was when it was given.
      event.text = 'changed'
      late = send
      if (attempt < 3) throw new Error('again')
    })
    await tellers.send({}, { id: 't' })
    await tellers.result('t', WAIT)
    expect(await heardBy(redrive, 'told', 1)).toEqual(['attempt 3'])
    expect(() => late({ queue: 'told', id: 'l' }, say('late'))).toThrow(
      expect.objectContaining({ code: 'E_CANCELLED' }),
    )
  })

  test('a handler is told at once what cannot be sent', async () => {
    const tellers = backend.open().queue('mistaken')
    const codes: unknown[] = []
    const attempt = (action: () => void): void => {
      try {
        action()
      } catch (error) {
        codes.push((error as { code?: unknown }).code)
      }
    }
    tellers.work((_input, { send, startChildren }) => {
      attempt(() => send({ queue: 'q' } as never, say('x')))
      attempt(() => send({ queue: 'q', id: 'l' }, { type: 'redrive.child' }))
      attempt(() => send({ queue: 'q', id: 'l' }, { type: 'SAY', text: () => {} }))
      attempt(() => startChildren([{ queue: 'q' }], {} as never))
    })
    await tellers.send({}, { id: 't' })
    await tellers.result('t', WAIT)
    expect(codes).toEqual(['E_INVALID_OPTION', 'E_INVALID_OPTION', 'E_UNSERIALIZABLE', 'E_INVALID_OPTION'])
  })

  test('a handler starts children of its message, and its own events are not among those of the machine', async () => {
    const redrive = backend.open()
    const leaves = redrive.queue('leaves')
    leaves.work((n: number) => n + 1)
    const seen: string[] = []
    const machine = setup({
      types: { events: {} as Heard['events'][number] },
      actors: { plan: fromPromise(async () => {}), watch: fromPromise(async () => {}) },
    }).createMachine({
      id: 'tree',
      initial: 'planning',
      states: {
        planning: { invoke: { id: 'plan', src: 'plan', onDone: 'waiting' } },
        waiting: {
          invoke: { id: 'watch', src: 'watch' },
          on: { allDone: 'done' },
        },
        done: { type: 'final', output: ({ event }) => event },
      },
      output: ({ event }: { event: { output?: unknown } }) => event.output,
    })
    const trees = redrive.queue('trees', { machine })
    const end = gate()
    trees.work({
      plan: async (_input, { startChildren }) =>
        startChildren(
          [
            { queue: 'leaves', input: 1 },
            { queue: 'leaves', input: 2 },
          ],
          { failed: 'report' },
        ),
      watch: async (_input, { onEvent }) => {
        onEvent(({ type }) => seen.push(type))
        await end.opened
      },
    })
    await trees.send(undefined, { id: 't' })
    expect(await trees.result('t', WAIT)).toMatchObject({ type: 'allDone', results: [{ output: 2 }, { output: 3 }] })
    end.open()
    expect(seen).toEqual([])
  })

  test('what can never arrive is logged and left', async () => {
    const { lines, logger } = collecting()
    const redrive = await listen('deaf', backend.open({ logger }))
    await redrive.queue<typeof listener>('deaf').signal('l', { type: 'END' }, { wait: '5s' })
    const targets = [
      { queue: 'daef', id: 'l' },
      { queue: 'deaf', id: 'nobody' },
    ]
    const speakers = redrive.queue('unheard', {
      machine: createMachine({
        id: 'unheard',
        initial: 'a',
        entry: [
          ...targets.map((target) => sendToMessage(target, say('hello'))),
          sendToMessage({ queue: 'deaf', id: 'l' }, { type: 'SIGN' }),
          // Has ended: as with a stopped actor, nothing happens.
          sendToMessage({ queue: 'deaf', id: 'l' }, say('too late')),
        ],
        states: { a: { type: 'final' } },
      }),
    })
    speakers.work()
    await speakers.send({}, { id: 's' })
    await until(async () => (await speakers.get('s'))?.worker === undefined && lines.length >= 3)
    expect(lines).toEqual([
      expect.stringMatching(/SAY for "l" of "daef" was refused.*E_UNKNOWN_QUEUE.*Did you mean "deaf"/),
      expect.stringMatching(/SAY for "nobody" of "deaf" was refused.*E_NOT_FOUND/),
      expect.stringMatching(/SIGN for "l" of "deaf" was refused.*E_UNKNOWN_EVENT/),
    ])
  })

  test('a thousand children are each counted, and their parent hears once', async () => {
    const redrive = backend.open()
    const leaves = redrive.queue('thousand-leaves', { partitions: 4, retention: { succeeded: 0 } })
    const started = new Map<number, number>()
    leaves.work(
      (n: number) => {
        started.set(n, (started.get(n) ?? 0) + 1)
        return n
      },
      { concurrency: 100 },
    )
    const parents = redrive.queue('thousand-parents', { machine: parentOf({ failed: 'report' }), partitions: 4 })
    parents.work()
    const children = Array.from({ length: 1000 }, (__, input) => ({ queue: leaves.name, input }))
    await parents.send({ children }, { id: 'p' })
    const { events } = await parents.result('p', { timeout: '25s' })
    expect(events).toHaveLength(1)
    expect(events[0]?.type === 'allDone' && events[0].results.map(({ output }) => output)).toEqual(
      children.map(({ input }) => input),
    )
    expect([...started.values()].every((count) => count === 1)).toBe(true)
    expect(started.size).toBe(1000)
  })
})
