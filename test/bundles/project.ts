/** A directory outside of the repository, with the packed package installed in it as npm would. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const ROOT = resolve(import.meta.dirname, '../..')
/** Bundlers and frameworks, in the versions of `tools/package-lock.json`. */
export const TOOLS = join(ROOT, '.cache/bundlers/node_modules')

export interface Project {
  readonly directory: string
  /** Bytes of all that users install: the package, XState, and what they depend on. */
  readonly bytes: number
  /** An empty directory of its own. */
  empty(): string
  remove(): void
}

export async function createProject(): Promise<Project> {
  if (!existsSync(TOOLS)) throw new Error('The bundlers are missing. Run: bash scripts/setup.sh --bundlers')
  const place = mkdtempSync(join(tmpdir(), 'redrive-bundles-'))
  const directory = join(place, 'project')
  const modules = join(directory, 'node_modules')
  mkdirSync(join(modules, 'redrive'), { recursive: true })
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', place]
  const { stdout } = await run('npm', pack, { cwd: ROOT })
  await run('tar', ['xzf', join(place, stdout.trim()), '--strip-components=1', '-C', join(modules, 'redrive')])
  for (const name of dependenciesOf(['redrive', 'xstate'], modules))
    if (name !== 'redrive') cpSync(join(ROOT, 'node_modules', name), join(modules, name), { recursive: true })
  return {
    directory,
    bytes: sizeOf(modules),
    empty: () => mkdtempSync(join(place, 'empty-')),
    remove: () => rmSync(place, { recursive: true, force: true }),
  }
}

/** Names of all packages that come with these. What is optional, or a peer that need not be there, is not installed. */
function dependenciesOf(names: readonly string[], modules: string): Set<string> {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    const folder = name === 'redrive' ? modules : join(ROOT, 'node_modules')
    const text = readFileSync(join(folder, name, 'package.json'), 'utf8')
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(text) as Record<string, Record<string, string>>
    if (existsSync(join(folder, name, 'node_modules'))) throw new Error(`${name} has packages of its own: count them`)
    for (const each of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]) visit(each)
  }
  for (const name of names) visit(name)
  return found
}

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return entries.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
