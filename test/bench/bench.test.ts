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
  peer?: number
  ratio?: number
  before?: number
  change?: number
  runs: number
}

async function bench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, stdout, stderr }
}

async function rowsOf(...args: string[]): Promise<Row[]> {
  const { code, stdout, stderr } = await bench(...args, '--runs', '1', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('beside BullMQ') })
  return (JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { rows: Row[] }).rows
}

const isMeasured = (value: number | undefined): boolean => Number.isFinite(value) && value! > 0

/** Three digits of each are told. */
const expectRatio = (ratio: number, ours: number, theirs: number): void =>
  expect(Math.abs(ratio - ours / theirs) / ratio).toBeLessThan(0.02)

// How fast anything is depends on the machine and is no matter for a test; that everything is measured is one.
test('a quick run measures every row of both systems', async () => {
  const rows = await rowsOf('--scale', '0.005')
  expect(rows.map(({ name, unit }) => [name, unit])).toEqual([
    ['enqueue-bulk', 'messages/s'],
    ['enqueue-single', 'messages/s'],
    ['process', 'messages/s'],
    ['redis-cpu', 'µs/message'],
    ['memory-queued', 'bytes/message'],
    ['latency-p50', 'ms'],
    ['latency-p99', 'ms'],
    ['timer-lateness-p99', 'ms'],
    ['retry-twice', 'messages/s'],
    ['custom-machine', 'messages/s'],
    ['nested-machine', 'messages/s'],
    ['payload-100', 'µs/message'],
    ['payload-1k', 'µs/message'],
    ['payload-10k', 'µs/message'],
    ['payload-100k', 'µs/message'],
  ])
  for (const { name, redrive, peer, ratio, runs } of rows) {
    expect(isMeasured(redrive)).toBe(true)
    expect(runs).toBe(1)
    expect(ratio === undefined).toBe(name.endsWith('-machine'))
    expectRatio(ratio ?? redrive, redrive, peer ?? 1)
  }
})

test('another build runs beside this one', async () => {
  const rows = await rowsOf('--only', 'machines', '--scale', '0.005', '--against', 'HEAD')
  expect(rows.map(({ name }) => name)).toEqual(['custom-machine', 'nested-machine'])
  for (const { redrive, before, change } of rows) expectRatio(change!, redrive, before!)
})

test('a build that is in no commit is refused', async () => {
  const { code, stderr } = await bench('--against', 'no-such-commit')
  expect(code).toBe(1)
  expect(stderr).toContain('git rev-parse --verify no-such-commit')
})

test('an unknown scenario is refused with the known ones', async () => {
  const { code, stderr } = await bench('--only', 'speed')
  expect(code).toBe(2)
  expect(stderr).toContain('there is no scenario "speed"')
  expect(stderr).toContain('throughput, single, latency, timers, retry, machines, payloads')
})
