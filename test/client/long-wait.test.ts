import { expect, test } from '@jest/globals'
import { silentLogger } from '../../src/index.ts'
import { createTestRedrive } from '../../src/testing/index.ts'

test('a result that is waited for long leaves nothing behind for each second', async () => {
  const warnings: string[] = []
  const hear = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', hear)
  const t = createTestRedrive({ logger: silentLogger })
  try {
    const queue = t.queue('slow')
    const worker = queue.work(() => 'at last')
    await queue.send('x', { id: 'a', delay: '1h' })
    const result = queue.result('a')
    for (let second = 0; second < 30; second++) await t.advance('1s')
    await t.advance('1h')
    expect(await result).toBe('at last')
    await worker.stop()
    expect(warnings.filter((text) => text.includes('MaxListeners') || text.includes('leak'))).toEqual([])
  } finally {
    process.off('warning', hear)
    await t.close()
  }
})
