import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const SCRIPT = fileURLToPath(new URL('../../scripts/bench.mjs', import.meta.url))

interface Row {
  name: string
  unit: string
  redrive: number
  peer: number
  ratio: number
  runs: number
}

async function bench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, stdout, stderr }
}

// How fast anything is depends on the machine and is no matter for a test; that everything is measured is one.
test('a quick run measures every row of both systems', async () => {
  const { code, stdout, stderr } = await bench('--scale', '0.005', '--runs', '1', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('beside BullMQ') })
  const { rows } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { rows: Row[] }
  expect(rows.map(({ name, unit }) => [name, unit])).toEqual([
    ['enqueue-bulk', 'messages/s'],
    ['enqueue-single', 'messages/s'],
    ['process', 'messages/s'],
    ['redis-cpu', 'µs/message'],
    ['memory-queued', 'bytes/message'],
    ['latency-p50', 'ms'],
    ['latency-p99', 'ms'],
    ['timer-lateness-p99', 'ms'],
  ])
  for (const { redrive, peer, ratio, runs } of rows) {
    expect([redrive, peer, ratio].every((value) => Number.isFinite(value) && value > 0)).toBe(true)
    expect(Math.abs(ratio - redrive / peer) / ratio).toBeLessThan(0.02)
    expect(runs).toBe(1)
  }
})

test('an unknown scenario is refused with the known ones', async () => {
  const { code, stderr } = await bench('--only', 'speed')
  expect(code).toBe(2)
  expect(stderr).toContain('there is no scenario "speed"')
  expect(stderr).toContain('throughput, single, latency, timers')
})
