/** What opens the dashboard by itself: `redrive dev`, and the demo that goes on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from '@jest/globals'
import { type RunningCli, startCli } from '../cli/run-cli.ts'
import { until } from '../support/backends.ts'
import { readLive, request } from './stage.ts'

const DEMO = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url))
const MODULE = fileURLToPath(new URL('../cli/modules/orders.mjs', import.meta.url))

const started = new Set<ChildProcess>()
afterEach(() => {
  for (const child of started) child.kill('SIGKILL')
  started.clear()
})

test('redrive dev prints where, and shows the machines of its module', async () => {
  const running: RunningCli = startCli(['dev', MODULE])
  started.add(running.child)
  const [, link = ''] = await running.until('stderr', /^dashboard (http:\S+)$/m)
  const chart = await request(`${link}api/v1/queues/orders/chart`)
  expect([chart.status, chart.body.id]).toEqual([200, 'order'])
  running.child.kill('SIGINT')
  expect((await running.ended).code).toBe(130)
  await expect(fetch(link)).rejects.toThrow('fetch failed')
})

test('a demo that goes on prints one address, with live traffic behind it', async () => {
  const { REDIS_URL: _, ...env } = process.env
  const child = spawn(process.execPath, [DEMO, '--keep', '--messages', '20'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  const exited = once(child, 'exit')
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const link = await until(() => /Look inside: (http:\S+)/.exec(output)?.[1], 20_000)
  const reader = await readLive(`${link}api/v1/queues/webhooks/live`)
  try {
    await reader.until(({ event, data }) => event === 'tick' && data.perSecond.transitions > 0)
    await reader.until(({ event }) => event === 'flow')
  } finally {
    await reader.close()
  }
  await until(() => output.includes('It goes on with more messages'), 20_000)
  const addresses = [...output.matchAll(/http:\/\/127\.0\.0\.1:\d+\/(?=[\s;]|$)/g)].map(([address]) => address)
  expect(new Set(addresses)).toEqual(new Set([link]))
  child.kill('SIGINT')
  expect(await exited).toEqual([130, null])
})
