import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

async function run(
  script: string,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const path = fileURLToPath(new URL(`../../scripts/${script}.mjs`, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, stdout, stderr }
}

// What is not lost must not be lost on a slow machine either: nothing here is a matter of time.
test('nothing is lost when workers, producers, connections and Redis break', async () => {
  const faults = ['worker-kill', 'producer-kill', 'worker-stop', 'cut-reply', 'redis-kill', 'half-open']
  const { code, stdout, stderr } = await run(
    'chaos',
    '--messages',
    '2000',
    '--seed',
    '7',
    '--faults',
    faults.join(),
    '--json',
  )
  const last = stdout.trimEnd().split('\n').at(-1)!
  expect({ code, stderr, findings: stdout.slice(0, -last.length - 1) }).toMatchObject({ code: 0, findings: '' })
  const { duplicateExecutions, faults: happened, ...verdict } = JSON.parse(last) as Record<string, object>
  expect(verdict).toEqual({
    messages: 2000,
    lost: 0,
    doubleCommitted: 0,
    illegal: 0,
    indexDrift: 0,
    earlyTimers: 0,
    signalsLost: 0,
  })
  expect(duplicateExecutions).toEqual(expect.any(Number))
  expect(Object.keys(happened!)).toEqual(faults)
  expect(Object.values(happened!).every((count) => Number(count) > 0)).toBe(true)
}, 150_000)

test('a handful of breakages are caught', async () => {
  const { code, stdout, stderr } = await run('chaos-mutants', '--quick')
  expect({ code, stdout, stderr }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\n3 caught, 0 survived\n$/),
  })
}, 150_000)

test('an unknown fault is refused with the known ones', async () => {
  const { code, stderr } = await run('chaos', '--faults', 'earthquake')
  expect(code).toBe(2)
  expect(stderr).toContain('there is no fault "earthquake"')
  expect(stderr).toContain('worker-kill, producer-kill')
})
