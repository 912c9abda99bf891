import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const SCRIPT = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url))

async function demo(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { REDIS_URL: _, ...env } = process.env
  const child = spawn(process.execPath, [SCRIPT, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, stdout, stderr }
}

test('webhooks get through failures and the kill of a worker, and the receiver agrees', async () => {
  const { code, stdout, stderr } = await demo('--json', '--messages', '60', '--seed', '7')
  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, number>
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/worker-[12] killed/) })
  expect(summary).toMatchObject({ sent: 60, lost: 0 })
  expect(summary['succeeded']! + summary['dead']!).toBe(60)
  // Of 60 messages the plan refuses two for good, and never accepts a third.
  expect(summary['dead']).toBeGreaterThanOrEqual(3)
  expect(summary['retries']).toBeGreaterThan(0)
  expect(summary['leasesLost']).toBeGreaterThanOrEqual(1)
  expect(summary['seconds']).toBeGreaterThan(0)
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
})

test('the shell that npm runs it in gives way to it, so that a signal to npm reaches it', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  const behind = scripts['demo']!.replace('bash scripts/setup.sh', 'true').replace(
    'scripts/demo.mjs',
    '-p process.ppid',
  )
  const ppid = spawnSync('sh', ['-c', behind], { encoding: 'utf8' }).stdout.trim()
  expect(ppid).toBe(String(process.pid))
})

test('a wrong option is refused with the right ones', async () => {
  const { code, stdout, stderr } = await demo('--messages', 'many')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('--messages must be a whole number')
})
