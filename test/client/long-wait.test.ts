import { getEventListeners } from 'node:events'
import { expect, jest, test } from '@jest/globals'
import { silentLogger } from '../../src/index.ts'
import { createTestRedrive } from '../../src/testing/index.ts'

test('a result that is waited for long leaves no listener behind for each second', async () => {
  const signals: AbortSignal[] = []
  const { any } = AbortSignal
  const spy = jest.spyOn(AbortSignal, 'any').mockImplementation((sources) => {
    const signal = any.call(AbortSignal, sources)
    signals.push(signal)
    return signal
  })
  const t = createTestRedrive({ logger: silentLogger })
  try {
    const queue = t.queue('slow')
    queue.work(() => 'at last')
    await queue.send('x', { id: 'a', delay: '1h' })
    const result = queue.result('a')
    result.catch(() => {})
    for (let second = 0; second < 30; second++) await t.advance('1s')
    expect(signals.length).toBeGreaterThan(0)
    for (const signal of signals) expect(getEventListeners(signal, 'abort').length).toBeLessThan(3)
    await t.advance('1h')
    expect(await result).toBe('at last')
  } finally {
    spy.mockRestore()
    await t.close()
  }
})
