import { describe, expect, test } from '@jest/globals'
import { runSeed } from './run-seed.ts'

const found = async (seeds: readonly number[], crashAt?: number): Promise<string[]> => {
  const all: string[] = []
  for (const seed of seeds) {
    const { violations } = await runSeed({ seed, ...(crashAt === undefined ? {} : { crashAt }) })
    all.push(...violations.map((text) => `seed ${seed}, ${text}`))
  }
  return all
}

describe('in a simulation', () => {
  test('no promise is broken, whatever fails', async () => {
    expect(await found(Array.from({ length: 12 }, (_, i) => i + 1))).toEqual([])
  })

  test('a seed is a run: twice the same', async () => {
    for (const seed of [3, 314]) {
      const [first, second] = [await runSeed({ seed }), await runSeed({ seed })]
      expect(second).toEqual(first)
      expect(first.steps).toBeGreaterThan(100)
    }
  })

  test('another seed is another run', async () => {
    const hashes = [await runSeed({ seed: 1 }), await runSeed({ seed: 2 })].map(({ traceHash }) => traceHash)
    expect(new Set(hashes).size).toBe(2)
  })

  test('a process can die at each of its awaits', async () => {
    const { crashPoints } = await runSeed({ seed: 5, crashAt: Infinity })
    expect(crashPoints).toBeGreaterThan(50)
    for (let at = 1; at <= crashPoints; at += Math.ceil(crashPoints / 8)) expect(await found([5], at)).toEqual([])
  })
})
