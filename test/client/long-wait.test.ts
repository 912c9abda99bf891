import { execFile } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { createMemoryStore, Redrive, silentLogger } from '../../src/index.ts'
import { insideOf } from '../../src/client/inside.ts'
import { createTestRedrive } from '../../src/testing/index.ts'

test('a result that is waited for long leaves no listener behind for each second', async () => {
  const t = createTestRedrive({ logger: silentLogger })
  try {
    const { closed } = insideOf(t.redrive)
    const queue = t.queue('slow')
    queue.work(() => 'at last')
    await queue.send('x', { id: 'a', delay: '1h' })
    const before = getEventListeners(closed, 'abort').length
    const result = queue.result('a')
    result.catch(() => {})
    for (let second = 0; second < 30; second++) await t.advance('1s')
    expect(getEventListeners(closed, 'abort').length).toBe(before + 1)
    await t.advance('1h')
    expect(await result).toBe('at last')
    expect(getEventListeners(closed, 'abort').length).toBe(before)
  } finally {
    await t.close()
  }
})

test('a feed that is left early leaves nothing behind', async () => {
  const redrive = new Redrive({ store: createMemoryStore(), logger: silentLogger })
  try {
    const { closed } = insideOf(redrive)
    const queue = redrive.queue('left')
    await queue.send('x')
    const before = getEventListeners(closed, 'abort').length
    for await (const { to } of queue.feed({ from: 'start' })) {
      expect(to).toBe('pending')
      break
    }
    expect(getEventListeners(closed, 'abort').length).toBe(before)
  } finally {
    await redrive.close()
  }
})

test('as many results can be waited for as one likes, and Node takes them for no leak', async () => {
  const index = new URL('../../dist/src/index.js', import.meta.url).href
  const program = `
    import { createMemoryStore, Redrive } from '${index}'
    const redrive = new Redrive({ store: createMemoryStore() })
    const queue = redrive.queue('jobs')
    const sent = await queue.sendBulk(Array.from({ length: 20 }, (_, i) => ({ input: i })))
    const results = sent.map(({ id }) => queue.result(id))
    queue.work(() => 'done')
    await Promise.all(results)
    await redrive.close()`
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  expect(stderr).not.toContain('MaxListenersExceededWarning')
})
