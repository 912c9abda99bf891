import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

/** A project of a user: the package as npm packs it, and packages beside it. */
export interface PackedProject {
  readonly directory: string
  write(name: string, text: string): void
  /** Copies a file of `fixtures/`. */
  take(fixture: string, name?: string): void
  /** What the compiler says; nothing when all is well. */
  compile(options: Readonly<Record<string, unknown>>, files: readonly string[]): Promise<string>
  remove(): void
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** Every check that a strict project has on. */
export const STRICT = {
  target: 'es2023',
  lib: ['es2023'],
  types: ['node'],
  strict: true,
  noEmit: true,
  // XState's own declarations do not pass exactOptionalPropertyTypes; ours are checked by themselves.
  skipLibCheck: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
}

/** Dependencies are those that an install brings, without the optional ones, and what the project has of its own. */
export function packedProject(own: readonly string[]): PackedProject {
  const directory = mkdtempSync(join(tmpdir(), 'redrive-package-'))
  const home = join(directory, 'node_modules/redrive')
  mkdirSync(home, { recursive: true })
  const packing = ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory]
  const tarball = execFileSync('npm', packing, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').at(-1)!
  execFileSync('tar', ['xzf', join(directory, tarball), '-C', home, '--strip-components=1'])
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest
  for (const name of [...Object.keys(dependencies), ...Object.keys(peerDependencies), '@types/node', ...own]) {
    mkdirSync(dirname(join(directory, 'node_modules', name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name))
  }
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  write('package.json', '{ "type": "module", "private": true }')
  return {
    directory,
    write,
    take: (fixture, name = fixture) =>
      cpSync(join(import.meta.dirname, 'fixtures', fixture), join(directory, name), { recursive: true }),
    compile(compilerOptions, files) {
      const config = `tsconfig-${Math.random().toString(36).slice(2)}.json`
      write(config, JSON.stringify({ compilerOptions, files }))
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
      return new Promise((done) => {
        execFile(process.execPath, [tsc, '-p', config], { cwd: directory }, (_, stdout) => done(stdout))
      })
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}
