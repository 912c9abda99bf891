import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { failure } from './tally.ts'

const SCRIPT = fileURLToPath(new URL('simulate.sh', import.meta.url))

async function simulate(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn('bash', [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    return { code, out, err }
  } finally {
    child.kill('SIGKILL')
  }
}

test('the command runs seeds on threads, and tells figures', async () => {
  const { code, out, err } = await simulate('--seeds', '4', '--seed', '10', '--json')
  expect(err).toBe('')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ seeds: 4, failed: [], faults: { duplicate: expect.any(Number) } })
})

test('a failing seed is told with its violation and how to run it again, and is the same then', async () => {
  const args = ['--break', 'timers are early', '--seed', '4']
  const first = await simulate(...args, '--seeds', '1')
  expect(first.code).toBe(1)
  const [told] = /^seed 4:\n(?: {2}.+\n)+/m.exec(first.out) ?? []
  expect(told).toMatch(/ms early/)
  expect(told).toContain("again: npm run simulate -- --seed 4 --trace --break 'timers are early")
  const again = await simulate(...args, '--trace')
  expect(again.out).toContain(told)
  expect(again.out).toMatch(/^\d+\.\d+ commit worker/m)
})

test('a wrong argument is refused with what there is', async () => {
  const { code, err } = await simulate('--seeds', 'many')
  expect(code).toBe(2)
  expect(err).toContain('--seeds must be a whole number')
  expect(err).toContain('npm run simulate -- [--seeds N]')
})

test('how to run a seed again', () => {
  expect(failure({ seed: 7, violations: ['a'] })).toBe('seed 7:\n  a\n  again: npm run simulate -- --seed 7 --trace')
})
