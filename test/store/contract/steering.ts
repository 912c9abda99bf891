import { describe, expect, test } from '@jest/globals'
import { LONG, message, newToken, SHORT, type Scene } from '../scene.ts'

export function describeSteering(scene: () => Scene): void {
  describe('pause', () => {
    test('tells whether it changed anything', async () => {
      const { store, partition } = scene()
      expect(await store.paused(partition)).toBe(false)
      expect(await store.pause(partition, false)).toBe(false)
      expect(await store.pause(partition, true)).toBe(true)
      expect(await store.pause(partition, true)).toBe(false)
      expect(await store.pause(partition, false)).toBe(true)
    })

    test('is of one partition alone', async () => {
      const { store, partition } = scene()
      await store.pause(partition, true)
      expect(await store.paused({ ...partition, index: 1 })).toBe(false)
    })
  })

  test('what was discarded is kept as long as was said', async () => {
    const { send, store, partition, now, reach } = scene()
    await send(message('a'), message('b'))
    const discard = (id: string, keepFor: number) =>
      store.discard(partition, { id, token: newToken(), operation: id, keepFor })
    await discard('a', SHORT)
    await discard('b', LONG)
    await reach((await now()) + SHORT + 1)
    expect(await store.discarded(partition, 'a')).toEqual([])
    expect(await store.restore(partition, ['a', 'b'])).toEqual(['gone', 'restored'])
  })

  test('reports of workers are those that came last', async () => {
    const { store, partition } = scene()
    await store.report(partition.queue, 'w1', 'old')
    await store.report(partition.queue, 'w1', 'new')
    await store.report(partition.queue, 'w2', 'other')
    await store.report(partition.queue, 'w2', undefined)
    expect([...(await store.reports(partition.queue))]).toEqual([['w1', 'new']])
    expect((await store.reports('elsewhere')).size).toBe(0)
  })

  test('operations tell how far they are, and hear that somebody wants them to stop', async () => {
    const { store } = scene()
    expect(await store.tellOperation('op-1', 'old')).toBe(false)
    expect(await store.tellOperation('op-1', 'new')).toBe(false)
    await store.tellOperation('op-2', 'other')
    await store.stopOperation('op-1')
    expect(await store.tellOperation('op-2', 'other')).toBe(false)
    expect(await store.tellOperation('op-1', 'newer')).toBe(true)
    expect(Object.fromEntries(await store.operations())).toEqual({ 'op-1': 'newer', 'op-2': 'other' })
    await store.tellOperation('op-1', undefined)
    expect([...(await store.operations()).keys()]).toEqual(['op-2'])
    expect(await store.tellOperation('op-1', 'again')).toBe(false)
  })

  test('records are read from the newest on, with their time', async () => {
    const { store, now } = scene()
    const before = await now()
    for (const what of ['first', 'second']) await store.record({ actor: 'ada', what })
    const [second, first] = await store.records(2)
    expect(second!.fields).toEqual({ actor: 'ada', what: 'second' })
    expect(first!.fields['what']).toBe('first')
    expect(first!.at).toBeGreaterThanOrEqual(before)
  })
}
