/** A primary that is told to step down: for seconds there are two. What a replica has confirmed survives, and sends go on by themselves. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { Redrive, silentLogger } from '../../src/index.ts'
import { sentinelScene, type Scene } from './scene.ts'

/** Sends until the failover is through; returns which ids were stored, and which of them a replica has confirmed. */
async function sendThrough(scene: Scene): Promise<{ stored: string[]; confirmed: string[] }> {
  const durability = { replicas: 1, timeout: 20 }
  const redrive = new Redrive({
    redis: scene.addresses.producer,
    logger: silentLogger,
    commandTimeout: '20s',
    durability,
  })
  const [stored, confirmed]: [string[], string[]] = [[], []]
  try {
    let over = false
    const failover = scene.orderFailOver(0).finally(() => {
      over = true
    })
    for (let i = 0; !over; i++) {
      const id = String(i)
      const answer = await redrive
        .queue('ordered')
        .send({}, { id })
        .catch(() => undefined)
      if (answer) stored.push(id)
      if (answer?.confirmed === 1) confirmed.push(id)
      await sleep(10)
    }
    expect(await failover).toBe(true)
    const after = await redrive.queue('ordered').send({}, { id: 'after' })
    expect(after.status).toBe('created')
  } finally {
    await redrive.close()
  }
  return { stored, confirmed }
}

test('what was confirmed is all there after an ordered failover, and sends go to the new primary by themselves', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'redrive-ordered-'))
  const scene = await sentinelScene(directory)
  try {
    const { stored, confirmed } = await sendThrough(scene)
    const missing = async (ids: readonly string[]): Promise<string[]> => {
      const found = await Promise.all(ids.map((id) => scene.redis().exists(`rd:{ordered:0}:m:${id}`)))
      return ids.filter((_, i) => found[i] === 0)
    }
    expect(await missing(confirmed)).toEqual([])
    expect(await missing(['after'])).toEqual([])
    expect(stored.length).toBeGreaterThan(confirmed.length)
  } finally {
    await scene.stop()
    await rm(directory, { recursive: true, force: true })
  }
}, 180_000)
