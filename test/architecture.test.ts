import { readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'

/**
 * Imports go down only. A folder may import its own files, and those of every floor below its own.
 * Files directly in src/ are `base`, and `index` is src/index.ts.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['machines', 'base'],
  ['store', 'lock', 'events', 'telemetry'],
  ['engine', 'step'],
  ['timer', 'worker', 'client', 'inspect'],
  ['testing', 'embedded', 'dashboard', 'cli'],
  ['index'],
]

/** Neighbours from the engine's floor on may meet; cycles are refused everywhere. Those below never know of each other. */
const SOCIABLE_FROM = 2

/** The engine and its steps see ports and formats. What talks to Redis must not come in behind them, through however many files. */
const KEPT_FROM_ENGINE: readonly string[] = ['ioredis', 'redlock']
const PURE: readonly string[] = ['engine', 'step']

/** Who may import a package. Any other package is free. `type` allows type-only imports everywhere else. */
const PACKAGES: Readonly<Record<string, { readonly in: readonly string[]; readonly type?: true }>> = {
  ioredis: { in: ['store', 'events', 'lock', 'client', 'embedded', 'cli'] },
  redlock: { in: ['lock'] },
  xstate: { in: ['machines', 'engine', 'step', 'testing', 'inspect'], type: true },
}

/** Upward imports that are meant: `{ embedded: true }` loads the server's starter only when somebody asks for it. */
const EXCEPTIONS: readonly { from: string; to: string; kind: Kind }[] = [
  { from: 'client', to: 'embedded', kind: 'dynamic' },
  // What an error says is told alike by machines, which import nothing of Redrive, and by all else.
  { from: 'base', to: 'machines', kind: 'value' },
]

const TOP_LEVEL = new Set(
  `.ci .git .github .gitignore .npmrc .oxfmtrc.json .oxlintrc.json CHANGELOG.md LICENSE README.md docs findings jest.config.js knip.json
  machines package-lock.json package.json scripts src test tsconfig.build.json tsconfig.json vite.config.ts`.split(
    /\s+/,
  ),
)
/** Made by tools, and ignored by git. */
const LOCAL = /^(node_modules|dist|\.dist-\d+|coverage|\.cache|\.DS_Store|.*\.(tgz|log))$/

const LONGEST_FILE = 299
const VAGUE_FOLDERS = new Set(['utils', 'util', 'helpers', 'common', 'shared', 'types', 'interfaces', 'misc', 'lib'])

type Kind = 'value' | 'type' | 'dynamic'
interface Import {
  readonly from: string
  /** A path of the repository, or the name of a package. */
  readonly to: string
  readonly kind: Kind
}
type Sources = Readonly<Record<string, string>>

const STATIC_IMPORT =
  /^(?:import|export)\s+(?<type>type\s+)?(?:[\w$*{},\s]*?\sfrom\s+)?(?<q>['"])(?<target>[^'"\n]+)\k<q>/gm
/** `import('x').Name` is a type; `import('x')` with nothing or a method behind it is a value. */
const DYNAMIC_IMPORT = /\bimport\(\s*(['"])(?<target>[^'"\n]+)\1\s*\)(?<member>\.[A-Z])?/g

function importsOf(from: string, source: string): Import[] {
  const resolve = (target: string): string =>
    target.startsWith('.') ? posix.join(posix.dirname(from), target) : packageName(target)
  const found: Import[] = []
  for (const { groups } of source.matchAll(STATIC_IMPORT)) {
    found.push({ from, to: resolve(groups!['target']!), kind: groups!['type'] ? 'type' : 'value' })
  }
  for (const { groups } of withoutComments(source).matchAll(DYNAMIC_IMPORT)) {
    found.push({ from, to: resolve(groups!['target']!), kind: groups!['member'] ? 'type' : 'dynamic' })
  }
  return found
}

function withoutComments(source: string): string {
  return source.replace(/^\s*(\/\/|\/?\*).*$/gm, '')
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function folderOf(path: string): string {
  const [top, second, third] = path.split('/')
  if (top !== 'src') return top!
  if (third === undefined) return second === 'index.ts' ? 'index' : 'base'
  return second!
}

function floorOf(folder: string): number {
  return FLOORS.findIndex((floor) => floor.includes(folder))
}

/** Every breach of the rules, as a sentence. */
function breaches(sources: Sources): string[] {
  const imports = Object.entries(sources).flatMap(([path, source]) => importsOf(path, source))
  const homeless = Object.keys(sources).filter((path) => floorOf(folderOf(path)) < 0)
  return [
    ...homeless.map((path) => `${path} is in a folder without a floor`),
    ...imports.flatMap((edge) => breachOf(edge, sources) ?? []),
    ...smuggled(imports),
    ...cycles(imports).map((cycle) => `cycle: ${cycle.join(' -> ')}`),
  ]
}

function breachOf({ from, to, kind }: Import, sources: Sources): string | undefined {
  const [user, used] = [folderOf(from), folderOf(to)]
  if (to in sources) {
    const allowed = mayImport(user, used) || EXCEPTIONS.some((e) => e.from === user && e.to === used && e.kind === kind)
    return allowed ? undefined : `${from} (${user}) must not import ${to} (${used}, ${kind})`
  }
  if (to.endsWith('.ts')) return `${from} imports ${to}, which is not there`
  if (user === 'machines' && to !== 'xstate') return `${from}: machines import xstate and each other only, not ${to}`
  const rule = PACKAGES[to]
  if (!rule || rule.in.includes(user) || (rule.type && kind === 'type')) return undefined
  return `${from} (${user}) must not import ${to} (${kind}); it belongs to ${rule.in.join(', ')}`
}

function mayImport(user: string, used: string): boolean {
  if (user === used) return true
  if (used === 'machines') return floorOf(user) >= floorOf('engine')
  const [up, down] = [floorOf(user), floorOf(used)]
  return up > down || (up === down && up >= SOCIABLE_FROM)
}

/** What a file loads when it runs. Types are erased. */
function loadedBy(path: string, imports: readonly Import[]): string[] {
  return imports.filter(({ from, kind }) => from === path && kind !== 'type').map(({ to }) => to)
}

/** What the engine loads by way of others; a direct import is a breach of its own. */
function smuggled(imports: readonly Import[]): string[] {
  return [...new Set(imports.map(({ from }) => from))]
    .filter((path) => PURE.includes(folderOf(path)))
    .flatMap((path) => {
      const trail = trailTo(KEPT_FROM_ENGINE, path, imports)
      return trail ? [`the ${folderOf(path)} loads ${trail.at(-1)}: ${trail.join(' -> ')}`] : []
    })
}

function trailTo(goals: readonly string[], from: string, imports: readonly Import[]): string[] | undefined {
  const trails = [[from]]
  const seen = new Set([from])
  for (const trail of trails) {
    for (const next of loadedBy(trail.at(-1)!, imports)) {
      if (trail.length > 1 && goals.includes(next)) return [...trail, next]
      if (!seen.has(next)) trails.push([...trail, next])
      seen.add(next)
    }
  }
  return undefined
}

/** Cycles of files, one per way back. */
function cycles(imports: readonly Import[]): string[][] {
  const found: string[][] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push([...trail.slice(start), path])
    if (start >= 0 || done.has(path)) return
    for (const next of loadedBy(path, imports)) visit(next, [...trail, path])
    done.add(path)
  }
  for (const { from } of imports) visit(from, [])
  return found
}

const root = fileURLToPath(new URL('..', import.meta.url))
const files = ['src', 'machines'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(root, posix.join(entry.parentPath, entry.name))),
)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('the sources', () => {
  test('import downwards only, without cycles, and keep each package in its place', () => {
    const code = files.filter((path) => /\.m?ts$|\.m?js$/.test(path) && !path.startsWith('src/dashboard/app/'))
    expect(code).toContain('src/errors.ts')
    expect(breaches(Object.fromEntries(code.map((path) => [path, read(path)])))).toEqual([])
  })

  test(`have no file longer than ${LONGEST_FILE} lines`, () => {
    const long = files
      .filter((path) => /\.(m?tsx?|m?js|lua|css)$/.test(path))
      .map((path) => ({ path, lines: read(path).trimEnd().split('\n').length }))
    expect(long.filter(({ lines }) => lines > LONGEST_FILE)).toEqual([])
  })

  test('have no folder whose name says nothing', () => {
    const folders = new Set(files.flatMap((path) => dirname(path).split('/')))
    expect([...folders].filter((folder) => VAGUE_FOLDERS.has(folder))).toEqual([])
  })
})

test('the repository has nothing unexpected at its top', () => {
  const unexpected = readdirSync(root).filter((entry) => !TOP_LEVEL.has(entry) && !LOCAL.test(basename(entry)))
  expect(unexpected).toEqual([])
})

describe('the rules themselves', () => {
  const errors = { 'src/errors.ts': '' }

  test.each<[string, Sources, string]>([
    [
      'an upward import',
      { 'src/store/a.ts': `import { b } from '../engine/b.ts'`, 'src/engine/b.ts': '' },
      'src/engine/b.ts (engine, value)',
    ],
    [
      'an upward import of a type',
      { 'src/clock.ts': `import type {\n  B,\n} from './store/b.ts'`, 'src/store/b.ts': '' },
      '(store, type)',
    ],
    ['an upward re-export', { 'src/clock.ts': `export * from './store/b.ts'`, 'src/store/b.ts': '' }, '(store, value)'],
    [
      'an upward dynamic import',
      { 'src/worker/a.ts': `await import('../cli/b.ts')`, 'src/cli/b.ts': '' },
      '(cli, dynamic)',
    ],
    [
      'neighbours that must not meet',
      { 'src/store/a.ts': `import '../events/b.ts'`, 'src/events/b.ts': '' },
      '(events, value)',
    ],
    [
      'ioredis behind a port, in the engine',
      { 'src/engine/a.ts': `import { b } from '../store/b.ts'`, 'src/store/b.ts': `import { Redis } from 'ioredis'` },
      'the engine loads ioredis: src/engine/a.ts -> src/store/b.ts -> ioredis',
    ],
    [
      'ioredis behind a port, in a step',
      {
        'src/step/plan/a.ts': `import { b } from '../../store/b.ts'`,
        'src/store/b.ts': `import { Redis } from 'ioredis'`,
      },
      'the step loads ioredis: src/step/plan/a.ts -> src/store/b.ts -> ioredis',
    ],
    [
      'a worker in a step',
      { 'src/step/plan/a.ts': `import type { B } from '../../worker/b.ts'`, 'src/worker/b.ts': '' },
      'src/worker/b.ts (worker, type)',
    ],
    [
      'a machine in the store',
      { 'src/store/a.ts': `import { m } from '../../machines/m.ts'`, 'machines/m.ts': '' },
      '(machines, value)',
    ],
    [
      'a source in a machine',
      { 'machines/m.ts': `import { e } from '../src/errors.ts'`, ...errors },
      'src/errors.ts (base, value)',
    ],
    [
      'a package in a machine',
      { 'machines/m.ts': `import { z } from 'zod'` },
      'machines import xstate and each other only',
    ],
    [
      'ioredis in the engine, even its types',
      { 'src/engine/a.ts': `import type { Redis } from 'ioredis'` },
      'must not import ioredis',
    ],
    ['redlock outside the lock', { 'src/store/a.ts': `import Redlock from 'redlock'` }, 'must not import redlock'],
    ['xstate in a worker', { 'src/worker/a.ts': `import { setup } from 'xstate'` }, 'must not import xstate'],
    ['a folder of no floor', { 'src/stuff/a.ts': '' }, 'src/stuff/a.ts is in a folder without a floor'],
    ['an import of what is not there', { 'src/clock.ts': `import './gone.ts'` }, 'src/gone.ts, which is not there'],
    [
      'a cycle',
      {
        'src/timer/a.ts': `import { b } from '../worker/b.ts'`,
        'src/worker/b.ts': `export { c } from './c.ts'`,
        'src/worker/c.ts': `const a = await import('../timer/a.ts')`,
      },
      'cycle: src/timer/a.ts -> src/worker/b.ts -> src/worker/c.ts -> src/timer/a.ts',
    ],
  ])('catch %s', (_, sources, sentence) => {
    expect(breaches(sources)).toEqual([expect.stringContaining(sentence)])
  })

  test.each<[string, Sources]>([
    ['a downward import', { 'src/client/a.ts': `import { e } from '../errors.ts'`, ...errors }],
    [
      'the type of a port in the engine',
      { 'src/engine/a.ts': `import type { B } from '../store/b.ts'`, 'src/store/b.ts': '' },
    ],
    [
      'the engine in a step',
      { 'src/step/plan/a.ts': `import { step } from '../../engine/b.ts'`, 'src/engine/b.ts': '' },
    ],
    ['a machine in the engine', { 'src/engine/a.ts': `import { m } from '../../machines/m.ts'`, 'machines/m.ts': '' }],
    ['the type of an XState snapshot in a worker', { 'src/worker/a.ts': `import type { Snapshot } from 'xstate'` }],
    [
      'a cycle of types',
      { 'src/timer/a.ts': `import type { B } from './b.ts'`, 'src/timer/b.ts': `import { a } from './a.ts'` },
    ],
    [
      'the embedded server, loaded by the client on demand',
      { 'src/client/a.ts': `await import('../embedded/b.ts')`, 'src/embedded/b.ts': '' },
    ],
    [
      'an import in a comment',
      { 'src/clock.ts': ` * import { b } from './store/b.ts'\n// await import('./store/b.ts')` },
    ],
  ])('allow %s', (_, sources) => {
    expect(breaches(sources)).toEqual([])
  })
})
