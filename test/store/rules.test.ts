import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BOUND_RULES } from './bound-rules.ts'
import { INDEX_MUTATIONS } from './index-mutations.ts'
import { INDEX_RULES } from './index-rules.ts'
import { MUTATIONS } from './mutations.ts'
import {
  createRedisScene,
  openRedis,
  patched,
  type Patch,
  type RedisHarness,
  type RedisScene,
} from './redis-harness.ts'
import { REDIS_RULES } from './redis-rules.ts'
import { ROUND_MUTATIONS } from './round-mutations.ts'
import { ROUND_RULES } from './round-rules.ts'
import { RULES } from './rules.ts'
import { STEERING_MUTATIONS } from './steering-mutations.ts'
import { STEERING_RULES } from './steering-rules.ts'

/**
 * Whether the tests of the rules see what they must see: each line that keeps a rule is taken out of a copy of its script, and the
 * rule must break. A test that stays green without the line would prove nothing with it.
 */
const ALL: Readonly<Record<string, (scene: RedisScene) => Promise<void>>> = {
  ...RULES,
  ...BOUND_RULES,
  ...ROUND_RULES,
  ...REDIS_RULES,
  ...INDEX_RULES,
  ...STEERING_RULES,
}
const ALL_MUTATIONS = [...MUTATIONS, ...INDEX_MUTATIONS, ...STEERING_MUTATIONS, ...ROUND_MUTATIONS]

let harness: RedisHarness
beforeAll(async () => {
  harness = await openRedis()
})
afterAll(() => harness.close())

const run = (rule: string, patches: readonly Patch[]): Promise<void> =>
  ALL[rule]!(createRedisScene(patched(harness, patches)))

describe('with the scripts as they are', () => {
  test.each(Object.keys(ALL))('%s', async (rule) => {
    await expect(run(rule, [])).resolves.toBeUndefined()
  })
})

describe.each(ALL_MUTATIONS)('without $without', ({ patches, breaks }) => {
  test.each(breaks)('broken: %s', async (rule) => {
    // By a failed expectation: an error of the patched script itself would show nothing.
    const failure: unknown = await run(rule, patches).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect((failure as Error).constructor.name).toBe('JestAssertionError')
  })
})

test('every rule is broken by a mutation', () => {
  const broken = new Set<string>(ALL_MUTATIONS.flatMap(({ breaks }) => breaks))
  expect(Object.keys(ALL).filter((rule) => !broken.has(rule))).toEqual([])
})

test('a patch that does not fit is an error, not a mutation that nothing notices', () => {
  expect(() => patched(harness, [['claim', 'no such line', '']])).toThrow('has not exactly one')
  expect(() => patched(harness, [['claim', 'redis.call', '']])).toThrow('has not exactly one')
})
