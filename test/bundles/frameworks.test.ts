/** The examples of the page "Bundlers and frameworks", as they stand there. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { transform } from '@swc/core'
import { codeBlocks } from '../docs/code-blocks.ts'
import { STRICT } from '../package/packed.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { expectDashboard } from './app-page.ts'
import { createProject, ROOT, TOOLS, type Project } from './project.ts'
import { start } from './started.ts'

const TOKEN = 'a-token-of-the-test'
/** The files of the page by the names in their first lines. */
const files = new Map(
  codeBlocks(join(ROOT, 'docs/guides/bundlers-and-frameworks.md')).flatMap(({ code }) => {
    const name = /^\/\/ (\S+)\n/.exec(code)?.[1]
    return name === undefined ? [] : [[name, code]]
  }),
)

let project: Project
let redis: TestRedis
beforeAll(async () => {
  project = await createProject()
  write('package.json', '{ "private": true, "type": "module" }')
  redis = await startTestRedis()
})
afterAll(async () => {
  await redis.stop()
  project.remove()
})
beforeEach(() => redis.client().flushall())

function write(name: string, code = files.get(name)!): string {
  const path = join(project.directory, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, code)
  return path
}

/** Packages where Node finds them. */
function link(from: string, names: readonly string[]): void {
  for (const name of names) {
    const path = join(project.directory, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(from, name), path)
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  return port
}

async function expectApplication(program: string, cwd: string, wanted: RegExp): Promise<void> {
  const port = await freePort()
  const env = { PORT: String(port), REDIS_URL: redis.url, DASHBOARD_TOKEN: TOKEN, NEXT_TELEMETRY_DISABLED: '1' }
  const app = await start([program], cwd, env, wanted)
  try {
    const address = `http://localhost:${port}`
    const body = JSON.stringify({ to: 'ada' })
    const sent = await fetch(`${address}/emails`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(await sent.json()).toEqual({ id: expect.any(String), output: 'sent to ada' })
    await expectDashboard(`${address}/queues`, 'emails', { authorization: `Bearer ${TOKEN}` })
  } finally {
    await app.stop('SIGTERM')
  }
}

/** A program of the page without its types. */
async function writeProgram(name: string): Promise<string> {
  const { code } = await transform(files.get(`${name}.ts`)!, {
    swcrc: false,
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
  })
  return write(`${name}.mjs`, code)
}

test.each([
  ['express', ['express']],
  ['fastify', ['fastify']],
  ['hono', ['hono', '@hono/node-server']],
])('%s', async (name, packages) => {
  link(join(ROOT, 'node_modules'), packages)
  await expectApplication(await writeProgram(name), project.directory, /^listening$/)
})

test('NestJS 12', async () => {
  link(TOOLS, ['@nestjs', 'reflect-metadata', 'rxjs'])
  link(join(ROOT, 'node_modules'), ['@types/node'])
  write('nest.ts')
  const compilerOptions = {
    ...STRICT,
    module: 'nodenext',
    moduleDetection: 'force',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  }
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['nest.ts'] }))
  const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project.directory]
  const said = await promisify(execFile)(process.execPath, tsc).then(
    () => '',
    (error: unknown) => (error as { stdout: string }).stdout,
  )
  expect(said).toBe('')
  await expectApplication(await writeProgram('nest'), project.directory, /^listening$/)
})

test('Next.js 16, from its standalone output', async () => {
  const names = [...files.keys()].filter((name) => !/^(express|fastify|hono|nest)\./.test(name))
  expect(names).toHaveLength(6)
  for (const name of names) write(name)
  // Beside a configuration of TypeScript, Next.js would install its packages.
  rmSync(join(project.directory, 'tsconfig.json'), { force: true })
  rmSync(join(project.directory, 'nest.ts'), { force: true })
  const modules = join(project.directory, 'node_modules')
  // Its bundler refuses links that lead out of the project.
  for (const name of [
    'next',
    '@next',
    '@swc',
    'react',
    'react-dom',
    'styled-jsx',
    'client-only',
    'scheduler',
    'postcss',
    'nanoid',
    'source-map-js',
    'caniuse-lite',
    'baseline-browser-mapping',
  ])
    cpSync(join(TOOLS, name), join(modules, name), { recursive: true })
  const env = {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: '1',
    NODE_OPTIONS: '',
    NODE_ENV: 'production',
    DASHBOARD_TOKEN: TOKEN,
    REDIS_URL: redis.url,
  }
  const build = ['--max-old-space-size=2048', join(modules, 'next/dist/bin/next'), 'build']
  await promisify(execFile)(process.execPath, build, { cwd: project.directory, env })
  const place = project.empty()
  cpSync(join(project.directory, '.next/standalone'), place, { recursive: true })
  await expectApplication(join(place, 'server.js'), place, /Ready in/)
})
