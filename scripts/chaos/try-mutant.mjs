import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { patch } from './copy.mjs'
import { SCRIPT_RULES } from './mutants.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const RUN = join(ROOT, 'scripts/chaos.mjs')
const JEST = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js']

/** A line of the checker; others tell that the run did not come to an end. */
const FINDING = /^(lost|doubleCommitted|illegal|indexDrift|earlyTimers|signalsLost): /

/** Seeds that a run is tried with: what a fault meets depends on the moment too. */
const SEEDS = [1, 2, 3, 4, 5]

/**
 * @param {import('./mutants.mjs').Mutant} mutant
 * @returns {Promise<string | undefined>} who caught it, and how
 */
export function tryMutant(mutant) {
  return mutant.test ? byTest(mutant) : byRun(mutant)
}

async function byRun({ patches, run: { messages, faults } }) {
  for (const seed of SEEDS) {
    const flags = { messages, faults, seed, patience: 12, patches: JSON.stringify(patches) }
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
    const { code, stdout, stderr } = await node([RUN, ...args, '--json'], ROOT)
    const lines = stdout.trimEnd().split('\n')
    // Anything but a verdict is a failure of the run itself, and catches nothing.
    if (!lines.at(-1)?.startsWith('{')) throw new Error(`the run has no verdict: ${stderr.slice(-2000)}`)
    const finding = lines.find((line) => FINDING.test(line)) ?? lines[0]
    if (code === 1) return `the checker, by seed ${seed}: ${finding}`
  }
  return undefined
}

/** The suite runs on the sources: a copy of them, patched, beside the packages of this project. */
async function byTest({ patches, test }) {
  sound[test] ??= failureOf(await onCopy([], test))?.fullName ?? ''
  if (sound[test] !== '') throw new Error(`${test} fails without any breakage: ${sound[test]}`)
  const report = await onCopy(patches, test)
  const failed = failureOf(report)
  if (!failed && report.numFailedTestSuites > 0)
    throw new Error(`${test} does not run: ${report.testResults[0].message}`)
  return failed && `${test}: ${failed.fullName}`
}

/** What fails of each test file as it is: nothing, or it would prove nothing. */
const sound = {}

const failureOf = (report) =>
  report.testResults.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed')

async function onCopy(patches, test) {
  const directory = join(ROOT, '.cache', 'chaos', String(process.pid))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    mkdirSync(directory, { recursive: true })
    for (const part of ['src', 'machines', 'test', 'dist', 'package.json', 'jest.config.js', 'tsconfig.json'])
      cpSync(join(ROOT, part), join(directory, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    for (const [file, find, replace] of patches) patch(join(directory, file), find, replace)
    const output = join(directory, 'report.json')
    await node([...JEST, '--rootDir', directory, '--json', '--outputFile', output, test], directory)
    return JSON.parse(readFileSync(output, 'utf8'))
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/** The lines of the scripts that the suite takes out one by one, from its own report. */
export async function scriptRules() {
  const report = await onCopy([], SCRIPT_RULES)
  const byMutation = new Map()
  for (const { ancestorTitles, title, status } of report.testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )) {
    const without = /^without (.*)$/s.exec(ancestorTitles[0] ?? '')?.[1]
    if (without === undefined) continue
    const caught = status === 'passed' ? `${SCRIPT_RULES}: ${title}` : undefined
    byMutation.set(without, caught && (byMutation.has(without) ? byMutation.get(without) : caught))
  }
  return [...byMutation].map(([without, caught]) => ({ without, caught }))
}

async function node(args, cwd) {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGTERM')
  process.once('exit', kill)
  const exited = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  process.off('exit', kill)
  return { stdout, stderr, code }
}
