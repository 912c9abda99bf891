import { expect } from '@jest/globals'
import { assign, setup } from 'xstate'
import { dashboard } from '../../src/dashboard/index.ts'
import { NonRetryableError, RetryableError, startChildren, type Redrive } from '../../src/index.ts'
import { until } from '../support/backends.ts'

const parent = setup({
  types: { context: {} as { results: number }, events: {} as { type: 'allDone'; results: readonly unknown[] } },
  actions: {
    start: startChildren(
      [1, 2].map((input) => ({ queue: 'children', input })),
      { join: 'all', failed: 'collect' },
    ),
  },
}).createMachine({
  id: 'parent',
  context: { results: 0 },
  initial: 'waiting',
  states: {
    waiting: {
      entry: 'start',
      on: { allDone: { target: 'done', actions: assign({ results: ({ event }) => event.results.length }) } },
    },
    done: { type: 'final' },
  },
  output: ({ context }) => context.results,
})

/** One of everything that Redrive does with its server, by a worker and by another client. Closes both. */
export async function tour(worker: Redrive, client: Redrive): Promise<'all of it'> {
  const name = `tour${Math.random().toString(36).slice(2, 8)}`
  const options = {
    retry: { attempts: 2, backoff: { type: 'fixed', delay: 1 } },
    maxMessages: 1000,
    maxBytes: 1e7,
  } as const
  try {
    await worker.ready()
    const work = worker.queue(name, options)
    const workers = [
      work.work(async (input: unknown, { attempt, progress }) => {
        progress?.(attempt)
        if (input === 'again' && attempt === 1) throw new RetryableError('again', { retryAfter: 1 })
        if (input === 'dead') throw new NonRetryableError('dead')
        return input
      }),
      worker.queue('children').work((input: unknown) => input),
      worker.queue('parents', { machine: parent }).work(),
    ]
    await Promise.all(workers.map((each) => each.ready()))
    const queue = client.queue(name, options)
    const heard = (async () => {
      for await (const { to } of queue.feed()) if (to === 'dead') return to
      return undefined
    })()
    expect(await queue.send('fine', { id: 'a' })).toMatchObject({ status: 'created' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('fine')
    await queue.sendBulk([
      { input: 'again', id: 'b' },
      { input: 'dead', id: 'c' },
      { input: 'later', id: 'd', delay: '1h' },
      { input: 'soon', id: 'e', delay: 5 },
    ])
    expect(await queue.result('b', { timeout: '60s' })).toBe('again')
    expect(await queue.result('e', { timeout: '60s' })).toBe('soon')
    await expect(queue.result('c', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    await queue.signal('d', { type: 'CANCEL' }, { eventId: 'once', wait: '10s' })
    expect(await queue.history('b')).not.toEqual([])
    expect((await queue.list({ state: 'cancelled' })).map(({ id }) => id)).toEqual(['d'])
    expect(await heard).toBe('dead')
    const operation = await queue.operate({ action: 'remove', filter: { state: 'dead' } })
    await operation.finished
    await queue.undo(operation.id)
    await queue.edit('c', 'mended')
    await queue.signal('c', { type: 'REDRIVE' }, { wait: '10s' })
    expect(await queue.result('c', { timeout: '60s' })).toBe('mended')
    await queue.hold('c', async () => {})
    await queue.pause()
    await queue.resume()
    await queue.trim()
    const started = await client.queue('parents', { machine: parent }).send({})
    expect(await client.queue('parents').result(started.id, { timeout: '60s' })).toBe(2)
    await queue.remove('c')
    expect(await client.health()).toMatchObject({ redis: 'up' })
    expect((await client.audit()).length).toBeGreaterThan(0)
    await lookAt(client, name)
    await until(async () => (await queue.workers()).length === 1)
    return 'all of it'
  } finally {
    await Promise.all([worker.close(), client.close()])
  }
}

async function lookAt(client: Redrive, queue: string): Promise<void> {
  const { fetch } = dashboard(client)
  const message = `queues/${queue}/messages`
  for (const path of ['overview', `queues/${queue}/live`, `${message}?state=succeeded`, `${message}/a`]) {
    const answer = await fetch(new Request(`http://127.0.0.1/api/v1/${path}`), { address: '127.0.0.1' })
    expect({ path, status: answer.status }).toEqual({ path, status: 200 })
    await answer.body?.cancel()
  }
}
