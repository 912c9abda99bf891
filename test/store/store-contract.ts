import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeBare } from './contract/bare.ts'
import { describeClaim } from './contract/claim.ts'
import { describeCommit } from './contract/commit.ts'
import { describeEnqueue } from './contract/enqueue.ts'
import { describeFeed } from './contract/feed.ts'
import { describeInbox } from './contract/inbox.ts'
import { describeLease } from './contract/lease.ts'
import { describeLookout } from './contract/lookout.ts'
import { describeReading } from './contract/reading.ts'
import { describeRetention } from './contract/retention.ts'
import { describeSteering } from './contract/steering.ts'
import { describeSubscriptions } from './contract/subscriptions.ts'
import { describeTimers } from './contract/timers.ts'
import { describeValues } from './contract/values.ts'
import { BOUND_RULES } from './bound-rules.ts'
import { ROUND_RULES } from './round-rules.ts'
import { RULES } from './rules.ts'
import { STEERING_RULES } from './steering-rules.ts'
import { createScene, type Scene, type StoreHarness } from './scene.ts'

/** What every adapter of the port must do. Each test has a partition of its own, so that they share one store. */
export function describeStore(
  name: string,
  open: (options?: { feed: number }) => StoreHarness | Promise<StoreHarness>,
) {
  describe(`the ${name} store`, () => {
    let harness: StoreHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(() => harness.close())
    const scene = (): Scene => createScene(harness)

    describeEnqueue(scene)
    describeBare(scene)
    describeClaim(scene)
    describeCommit(scene)
    describeTimers(scene)
    describeLease(scene)
    describeInbox(scene)
    describeReading(scene)
    describeLookout(scene)
    describeRetention(scene)
    describeSteering(scene)
    describeSubscriptions(scene)
    describeValues(scene)

    describe('rules', () => {
      test.each(Object.entries({ ...RULES, ...BOUND_RULES, ...ROUND_RULES, ...STEERING_RULES }))(
        '%s',
        async (_, rule) => {
          expect.hasAssertions()
          await rule(scene())
        },
      )
    })
  })

  describe(`the ${name} store with a small feed`, () => {
    let harness: StoreHarness
    beforeAll(async () => {
      harness = await open({ feed: 4 })
    })
    afterAll(() => harness.close())
    describeFeed(() => createScene(harness))
  })
}
