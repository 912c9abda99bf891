import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformFile } from '@swc/core'
import { embedScripts } from '../embed.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Below the packages, so that the copy finds them. */
const COPIES = join(ROOT, '.cache', 'chaos')

/**
 * A directory of this process's own with the build, patched, and beside it the programs of the chaos run.
 * @param {readonly (readonly [file: string, find: string, replace: string])[]} patches Each text must be in its file exactly once.
 * @returns {Promise<string>}
 */
export async function stageCopy(patches = []) {
  sweep()
  const directory = join(COPIES, String(process.pid))
  mkdirSync(directory, { recursive: true })
  for (const part of ['src', 'machines']) cpSync(join(ROOT, 'dist', part), join(directory, part), { recursive: true })
  for (const [file, find, replace] of patches) patch(join(directory, file), find, replace)
  // The build runs the texts that are in its code.
  embedScripts(directory)
  await compile(join(ROOT, 'test/chaos'), join(directory, 'test/chaos'))
  return directory
}

/** Types are stripped and nothing is checked: `npm run check` does that. */
async function compile(from, to) {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    if (name.endsWith('.c')) cpSync(join(from, name), join(to, name))
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
    const { code } = await transformFile(join(from, name), {
      swcrc: false,
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    })
    writeFileSync(
      join(to, name.replace(/\.ts$/, '.js')),
      code.replaceAll(/(from\s*['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'),
    )
  }
}

export function patch(path, find, replace) {
  const text = readFileSync(path, 'utf8')
  const count = text.split(find).length - 1
  if (count !== 1) throw new Error(`${path} has ${count} times, not once: ${find}`)
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
}

/** What runs that were killed have left. */
function sweep() {
  if (!existsSync(COPIES)) return
  for (const name of readdirSync(COPIES)) {
    if (/^\d+$/.test(name) && !isAlive(Number(name))) rmSync(join(COPIES, name), { recursive: true, force: true })
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
