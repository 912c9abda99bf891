import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

interface Watching {
  readonly watched: { readonly workerUs: number }
  readonly alone: { readonly workerUs: number }
  readonly events: number
}

test('what the dashboard costs is measured in one line of JSON, whatever the figures are', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    'scripts/bench-dashboard.mjs',
    '--only',
    'watching',
    '--rounds',
    '1',
    '--messages',
    '300',
  ])
  const { watching } = JSON.parse(stdout) as { watching: Watching }
  expect(watching).toMatchObject({ rounds: 1, ratios: { redis: expect.any(Number), worker: expect.any(Number) } })
  for (const kind of ['watched', 'alone'] as const) expect(watching[kind].workerUs).toBeGreaterThan(0)
  // The page was told of what happened.
  expect(watching.events).toBeGreaterThan(0)
}, 120_000)
