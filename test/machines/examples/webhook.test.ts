import { describe, expect, test } from '@jest/globals'
import { webhook, type WebhookInput } from '../../../machines/examples/webhook.ts'
import { registerMachine } from '../../../src/engine/registry.ts'
import { initialStep, step } from '../../../src/engine/transition.ts'
import { happened, implies, pathsOf, walkAll, type Model, type Path, type Promises, type Walk } from './paths.ts'
import { playWorkflow } from './play-workflow.ts'

const input: WebhookInput = {
  self: { queue: 'webhooks', id: 'w-1' },
  url: 'https://example.com:8443/hook',
  body: { n: 1 },
  retry: { attempts: 2, backoff: { jitter: 'none' } },
}
const BUSY = { name: 'Error', message: 'busy' }
const REFUSED = { name: 'Error', message: '410 gone', retryable: false }
const LEASE_LOST = { name: 'RedriveError', message: 'the worker is gone', code: 'E_LEASE_LOST' }
const SNOOZED = { name: 'SnoozeError', message: '429', snooze: 60_000 }
const WAIT = { type: 'WAIT', ms: 30_000 }

const model = (errors: readonly unknown[]): Model => ({
  machine: webhook,
  input: { ...input, retry: { ...input.retry, maxLeasesLost: 1 } },
  outputs: { deliver: [204] },
  errors,
  commands: [{ type: 'GO' }, WAIT, { type: 'CANCEL' }],
})

function promises({ runs, state, context }: Walk, path: Path): Promises {
  const permissions = path.steps.filter(({ event }) => /^GO$|patience/.test((event as { type: string }).type)).length
  return {
    'nothing is delivered without a word of the breaker, or its silence': runs.length <= permissions,
    'what has succeeded was delivered': implies(state === 'succeeded', runs.at(-1)?.ended === 'done'),
    'waiting uses up no attempt':
      ((context as { attempts: { attempt?: number } }).attempts.attempt ?? 0) <= runs.length,
    'only who asks for it is cancelled': (state === 'cancelled') === happened(path, 'CANCEL'),
  }
}

describe('a delivery asks first', () => {
  test.each([
    ['shortest', [BUSY, REFUSED, LEASE_LOST], 120],
    ['simple', [BUSY], 50],
  ] as const)('on every %s path', async (kind, errors, atLeast) => {
    const all = model(errors)
    const paths = pathsOf(all, kind)
    expect(paths.length).toBeGreaterThan(atLeast)
    expect(await walkAll(all, paths, promises)).toEqual([
      'cancelled',
      'dead',
      'open.asking',
      'open.delivering',
      'open.held',
      'open.retrying',
      'succeeded',
    ])
  })
})

/** What it sends to others in its first step, and when a delivery ends in this way. */
function told(event: object): string[] {
  const { machine } = registerMachine(webhook)
  const name = (effects: ReturnType<typeof step>['effects']): string[] =>
    effects.flatMap((effect) => {
      if (effect.type !== 'action') return []
      const { event: sent } = effect.params as { event?: { type: string } }
      return [sent?.type ?? effect.name]
    })
  const first = initialStep(machine, input)
  expect(name(first.effects)).toEqual(['ASK'])
  const { snapshot } = step(machine, first.snapshot, { type: 'GO' })
  return name(step(machine, snapshot, event as { type: string }).effects)
}

test.each([
  ['a result', { type: 'xstate.done.actor.deliver', output: 204 }, ['SUCCESS']],
  ['an error', { type: 'xstate.error.actor.deliver', error: BUSY }, ['FAILURE']],
  ['the time limit', { type: 'xstate.after.timeLimit.webhook.open.delivering' }, ['FAILURE']],
  ['a refusal, for the host has answered', { type: 'xstate.error.actor.deliver', error: REFUSED }, ['SUCCESS']],
  ['a lost worker: nothing', { type: 'xstate.error.actor.deliver', error: LEASE_LOST }, []],
  ['a host that asks for time: nothing', { type: 'xstate.error.actor.deliver', error: SNOOZED }, []],
])('the breaker hears of %s', (_, event, expected) => {
  expect(told(event)).toEqual(expected)
})

test('waits as long as it is told, asks again, and is dead after three days of it', async () => {
  const play = playWorkflow(webhook, { input })
  for (let waited = 0; waited < 3 * 86_400_000; waited += WAIT.ms) {
    play.send(WAIT)
    play.clock.increment(WAIT.ms - 1)
    expect(play.state()).toBe('open.held')
    play.clock.increment(1)
  }
  expect(play.state()).toBe('dead')
  expect(play.actor.getSnapshot().context.reason).toBe('deadline')
  play.send({ type: 'REDRIVE' })
  play.send({ type: 'GO' })
  await play.succeed(204)
  expect(play.actor.getSnapshot().output).toBe(204)
})

test('a breaker that is silent is not waited for', async () => {
  const play = playWorkflow(webhook, { input })
  play.clock.increment(60_000)
  expect(play.runs[0]?.input).toEqual({ url: input.url, body: input.body })
})
