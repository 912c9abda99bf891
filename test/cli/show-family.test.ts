import { expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { startChildren } from '../../src/index.ts'
import { onRedis, until } from '../support/backends.ts'
import { cli } from './run-cli.ts'

test('show tells of the children of a message and of the parent of a child, of many children only how many', async () => {
  const backend = await onRedis()
  try {
    const redrive = backend.open()
    const children = redrive.queue('letters', { retry: { attempts: 1 } })
    children.work((text?: string) => {
      if (text === undefined) throw new Error('empty')
    })
    const some = ['a', 'b'].map((id) => ({ queue: 'letters', id, ...(id === 'a' ? { input: 'hello' } : {}) }))
    const many = Array.from({ length: 21 }, () => ({ queue: 'letters', input: 'x' }))
    const machine = createMachine({
      id: 'parent',
      initial: 'a',
      entry: [
        startChildren([...some, { queue: 'letters', id: 'c', delay: '1h' }], { join: 'some', failed: 'report' }),
        startChildren(many, { join: 'many', failed: 'report' }),
      ],
      states: { a: {} },
    })
    const parents = redrive.queue('parents', { machine })
    parents.work()
    await parents.send({}, { id: 'p' })
    await until(async () => {
      const { joins = [] } = (await parents.get('p'))!
      return joins.flatMap((join) => join.children).filter(({ status }) => status !== undefined).length === 23
    })
    const show = async (queue: string, id: string) =>
      (await cli(['show', queue, id], { env: { REDIS_URL: backend.redis.url } })).stdout.replaceAll(/ +/g, ' ')
    const shown = await show('parents', 'p')
    for (const line of ['a of letters done', 'b of letters failed', 'c of letters under way'])
      expect(shown).toContain(`some: ${line}`)
    expect(shown).toContain('many: 21 children, 21 done, 0 failed')
    expect(await show('letters', 'a')).toMatch(/^parent p of parents$/m)
  } finally {
    await backend.stop()
  }
})
