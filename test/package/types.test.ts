/** The types as users get them: from the tarball, in strict projects, by a run of the compiler. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMemoryStore, Redrive } from '../../src/index.ts'
import { createTestRedrive } from '../../src/testing/index.ts'
import { codeBlocks } from '../docs/code-blocks.ts'
import { packedProject, STRICT, type PackedProject } from './packed.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** What the programs of the documentation import beside the package, and what knows their types. */
const OF_DOCS = ['zod', 'hono', '@hono/node-server', 'express', 'fastify', '@types/express', '@types/ws']

const pages = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((page) => join('docs', page)),
].filter((page) => page.endsWith('.md'))

const programs = pages.flatMap((page) =>
  codeBlocks(join(ROOT, page))
    .filter(({ language }) => language === 'js' || language === 'ts')
    // Its packages are among those of test/bundles, which compiles it.
    .filter(({ code }) => !code.includes("'@nestjs/"))
    .map(({ code, line }) => ({ name: `${page.replaceAll('/', '-')}-${line}.ts`, code })),
)

const RESOLUTIONS = [
  ['node16', { module: 'node16', moduleResolution: 'node16' }],
  ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }],
  ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
] as const

let project: PackedProject
beforeAll(() => {
  project = packedProject(OF_DOCS)
  for (const { name, code } of programs) project.write(name, code)
  project.take('types.ts')
  project.take('declared.ts')
})
afterAll(() => project.remove())

test.each(RESOLUTIONS)('every program of the documentation, and every use, compiles with %s', async (_, options) => {
  expect(programs.length).toBeGreaterThan(40)
  const files = ['types.ts', ...programs.map(({ name }) => name)]
  expect(await project.compile({ ...STRICT, ...options, moduleDetection: 'force' }, files)).toBe('')
})

describe('the compiler names what is wrong', () => {
  const START = `
    import { Redrive } from 'redrive'
    import { fromPromise, setup } from 'xstate'
    const machine = setup({ actors: { charge: fromPromise(async () => {}), notify: fromPromise(async () => {}) } })
      .createMachine({ id: 'm' })
    const queue = new Redrive().queue('q', { machine })
  `
  const nodenext = { ...STRICT, module: 'nodenext', moduleResolution: 'nodenext' }

  test.each([
    ['a missing handler', 'queue.work({ charge: () => {} })', "Property 'notify' is missing"],
    ['all of them', 'queue.work({})', 'missing the following properties'],
    [
      'a handler for nothing',
      "queue.work({ charge: 'own', notify: 'own', notfy() {} })",
      'the machine invokes no \\"notfy\\"',
    ],
    ['a machine of another queue', "new Redrive().queue('q', { machine: {} })", 'a machine of XState'],
  ])('%s', async (name, code, message) => {
    const file = `${name.replaceAll(' ', '-')}.ts`
    project.write(file, START + code)
    expect(await project.compile(nodenext, [file])).toContain(message)
  })
})

test('a package that exports queues has declarations of its own', async () => {
  const emitting = { ...STRICT, exactOptionalPropertyTypes: false, noEmit: false, emitDeclarationOnly: true }
  const options = { ...emitting, declaration: true, outDir: 'out', module: 'nodenext' }
  const redrive = new Redrive({ store: createMemoryStore() })
  const t = createTestRedrive()
  const keys = (value: object): string[] => Object.keys(value).filter((key) => key !== 'options')
  const parts = {
    redrive: ['ready', 'url', 'health', 'drained', 'audit', 'queues', 'close', 'queue'],
    orders: keys(redrive.queue('q')),
    plain: keys(redrive.queue('q')),
    worker: ['ready', 'stop', 'stats', 'on'],
    test: keys(t),
  }
  const members = Object.entries(parts).flatMap(([of, names]) =>
    names.map((name) => `export const ${of}_${name} = ${of}.${name}\n`),
  )
  project.write(
    'members.ts',
    `import { orders, plain, redrive, test, worker } from './declared.js'\n${members.join('')}`,
  )
  await Promise.all([redrive.close(), t.close()])
  expect(await project.compile(options, ['declared.ts', 'members.ts'])).toBe('')
})

describe('in a project that has nothing but the package, xstate and the types of Node', () => {
  let bare: PackedProject
  beforeAll(() => {
    bare = packedProject([])
    bare.write('all.ts', ENTRIES.map((name, i) => `export * as part${i} from '${name}'\n`).join(''))
  })
  afterAll(() => bare.remove())

  const ENTRIES = ['redrive', 'redrive/testing', 'redrive/dashboard', 'redrive/machines', 'redrive/machines/examples']

  test('its declarations are checked and found right', async () => {
    const options = { ...STRICT, exactOptionalPropertyTypes: false, skipLibCheck: false }
    expect(await bare.compile({ ...options, module: 'nodenext' }, ['all.ts'])).toBe('')
  })

  test('CommonJS requires it, and shares xstate with it', () => {
    const code = `
      const { Redrive, createMemoryStore } = require('redrive')
      const { createMachine } = require('xstate')
      ${ENTRIES.map((name) => `require('${name}')`).join('\n')}
      const redrive = new Redrive({ store: createMemoryStore() })
      const queue = redrive.queue('q', { machine: createMachine({ id: 'm', initial: 'a', states: { a: { type: 'final' } }, output: 7 }) })
      queue.work()
      queue.send({}, { id: 'a' })
        .then(() => queue.result('a'))
        .then((output) => console.log(output))
        .finally(() => redrive.close())
    `
    bare.write('run.cjs', code)
    const options = { cwd: bare.directory, encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } } as const
    expect(execFileSync(process.execPath, ['run.cjs'], options)).toBe('7\n')
  })

  test('a .cts file imports it with nodenext; with node16 by import() and for types', async () => {
    bare.write('next.cts', "import { Redrive } from 'redrive'\nexport const redrive: Redrive = new Redrive()\n")
    bare.write('late.cts', "export const redrive = import('redrive').then(({ Redrive }) => new Redrive())\n")
    bare.write(
      'typed.cts',
      "import type { Queue } from 'redrive' with { 'resolution-mode': 'import' }\nexport const send = (queue: Queue) => queue.send(1)\n",
    )
    expect(
      await bare.compile({ ...STRICT, module: 'nodenext', verbatimModuleSyntax: false }, [
        'next.cts',
        'late.cts',
        'typed.cts',
      ]),
    ).toBe('')
    const node16 = { ...STRICT, module: 'node16', verbatimModuleSyntax: false }
    expect(await bare.compile(node16, ['late.cts', 'typed.cts'])).toBe('')
    expect(await bare.compile(node16, ['next.cts'])).toContain('TS1479')
  })
})
