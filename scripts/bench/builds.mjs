import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A commit names a build of Redrive, and none names this one. Returns the folder from which a process of the benchmark loads it. */
export function buildOf(commit) {
  if (commit === undefined) return ROOT
  const sha = git('rev-parse', '--verify', `${commit}^{commit}`).trim()
  const place = join(ROOT, '.cache', 'bench', sha)
  if (existsSync(join(place, 'dist', '.built'))) return place
  process.stderr.write(`building ${sha.slice(0, 7)}\n`)
  mkdirSync(place, { recursive: true })
  execFileSync('tar', ['-x', '-C', place], { input: git.bytes('archive', sha) })
  install(place)
  execFileSync('bash', ['scripts/build.sh'], { cwd: place, stdio: ['ignore', 2, 2] })
  return place
}

/** Its own packages where it names others than we do. */
function install(place) {
  const lockOf = (folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8')
  if (lockOf(place) === lockOf(ROOT)) return symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'))
  if (existsSync(join(ROOT, '.npmrc'))) cpSync(join(ROOT, '.npmrc'), join(place, '.npmrc'))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: resolve(place),
    stdio: ['ignore', 2, 2],
  })
}

function git(...args) {
  return git.bytes(...args).toString()
}

git.bytes = (...args) => {
  try {
    return execFileSync('git', args, { cwd: ROOT, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    throw new Error(`git ${args.join(' ')}: ${String(error.stderr).trim()}`, { cause: error })
  }
}
