/** The package in bundles of its users: built outside of the repository, and started where there is nothing but the bundle. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { WebSocket } from 'ws'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { expectDashboard } from './app-page.ts'
import { createProject, ROOT, type Project } from './project.ts'
import { start } from './started.ts'

const MEGABYTE = 1024 * 1024

let project: Project
/** The server, and three that vote on locks. */
const servers: TestRedis[] = []
beforeAll(async () => {
  project = await createProject()
  cpSync(join(ROOT, 'test/bundles/app.mjs'), join(project.directory, 'app.mjs'))
  for (let i = 0; i < 4; i++) servers.push(await startTestRedis())
})
afterAll(async () => {
  for (const server of servers) await server.stop()
  project.remove()
})

describe.each([
  ['esbuild', 'esm'],
  ['esbuild', 'cjs'],
  ['esbuild, with the usual banner', 'esm'],
  ['webpack', 'esm'],
  ['webpack', 'cjs'],
  ['vite', 'esm'],
  ['vite', 'cjs'],
])('a bundle of %s (%s)', (bundler, format) => {
  test('sends, works, and shows the dashboard', async () => {
    const out = project.empty()
    const bundle = [join(ROOT, 'test/bundles/bundle.mjs'), bundler, format, join(project.directory, 'app.mjs'), out]
    await promisify(execFile)(process.execPath, bundle, { cwd: project.directory })
    const place = project.empty()
    cpSync(out, place, { recursive: true })
    await servers[0]!.client().flushall()
    const program = join(place, format === 'esm' ? 'app.mjs' : 'app.cjs')
    const app = await start([program, ...servers.map(({ url }) => url)], place, {}, /^\{/)
    try {
      const { port, ...told } = JSON.parse(app.line) as { port: number }
      expect(told).toEqual({ output: { double: 42, kept: true }, embedded: 'up', sent: 'created' })
      // At the root there is no address without a slash.
      await expectDashboard(`http://127.0.0.1:${port}/queues`, 'jobs')
      expect(await firstMessage(`ws://127.0.0.1:${port}/api/v1/inspect?queue=jobs`)).toContain('{')
    } finally {
      await app.stop('stdin')
    }
  })
})

/** What an inspector hears first. */
function firstMessage(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    socket.once('error', reject)
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
    socket.once('message', (data: Buffer) => {
      resolve(data.toString())
      socket.close()
    })
  })
}

describe('the package', () => {
  const file = (path: string): string => join(project.directory, 'node_modules/redrive', path)

  test('takes less than 10 MB with XState and all that comes with them', () => {
    expect(project.bytes).toBeGreaterThan(3 * MEGABYTE)
    expect(project.bytes).toBeLessThan(10 * MEGABYTE)
  })

  test('brings no package of which npm warns: none is deprecated, and none has a script that runs at its installation', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; deprecated?: string; hasInstallScript?: boolean }>
    }
    const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
    expect(installed.length).toBeGreaterThan(10)
    const loud = installed.filter(([, each]) => each.deprecated !== undefined || each.hasInstallScript === true)
    expect(loud.map(([path]) => path)).toEqual([])
  })

  test('has no source maps, no file that is in its code already, and the licences of what is in it', () => {
    for (const path of ['dist/src/index.js.map', 'dist/src/store/lua', 'dist/src/dashboard/app'])
      expect([path, existsSync(file(path))]).toEqual([path, false])
    const notice = readFileSync(file('dist/THIRD-PARTY.md'), 'utf8')
    for (const name of ['elkjs', 'Eclipse Public License', 'preact', 'uplot']) expect(notice).toContain(name)
  })
})
