import { expect, test } from '@jest/globals'
import { openLevelDisk, type Disk } from '../../src/client/outbox/disk.ts'
import { openSpool, type Spooled } from '../../src/client/outbox/spool.ts'

const batch = (token: string): Spooled => ({ queue: 'jobs', partitions: 1, partition: 0, token, messages: [], at: 0 })

/** A disk that is full when it is told so. */
function fillable(): { readonly disk: Disk; readonly rows: Map<string, string>; full: boolean } {
  const rows = new Map<string, string>()
  const check = (): void => {
    if (state.full) throw new Error('No space left on device')
  }
  const disk: Disk = {
    async *rows(limit = -1) {
      yield* [...rows].slice(0, limit === -1 ? undefined : limit)
    },
    async write(key, text) {
      // As it can be with a sync that failed: the row is there all the same.
      rows.set(key, text)
      check()
    },
    async remove(keys) {
      check()
      for (const key of keys) rows.delete(key)
    },
    close: async () => {},
  }
  const state = { disk, rows, full: false }
  return state
}

test('what a full disk does not let go is delivered once, counted no more, and removed when there is room', async () => {
  const state = fillable()
  const spool = await openSpool('outbox', 10_000, async () => state.disk)
  for (const token of ['a', 'b', 'c']) await spool.append(spool.number(), batch(token))
  state.full = true
  await expect(spool.append(spool.number(), batch('refused'))).rejects.toMatchObject({ code: 'E_OUTBOX_FAILED' })
  await spool.remove(await spool.read(2))
  expect((await spool.read(2)).map(({ token }) => token)).toEqual(['c'])
  expect(spool.batches).toBe(1)
  state.full = false
  await spool.remove(await spool.read(2))
  expect([spool.batches, spool.bytes, state.rows.size]).toEqual([0, 0, 0])
})

test('a database that takes no write after one that failed is opened anew, when there is room', async () => {
  let full = false
  let opened = 0
  const hasRoom = async (): Promise<void> => {
    if (full) throw new Error('No space left on device')
  }
  const disk = await openLevelDisk(async () => {
    let broken = false
    opened++
    return {
      status: 'open',
      batch: async () => {
        broken ||= full
        if (broken) throw new Error('No space left on device')
      },
      close: async () => {},
    } as never
  }, hasRoom)
  await disk.write('1', 'a')
  full = true
  await expect(disk.write('2', 'b')).rejects.toThrow('No space left')
  await expect(disk.write('2', 'b')).rejects.toThrow('No space left')
  expect(opened).toBe(1)
  full = false
  await Promise.all([disk.write('3', 'c'), disk.write('4', 'd')])
  expect(opened).toBe(2)
})
