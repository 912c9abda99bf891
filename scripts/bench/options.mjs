import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios.mjs'

/**
 * @typedef {object} BenchOptions
 * @property {number} runs
 * @property {number} scale Of the numbers of messages; 1 is what the guide's figures are measured with.
 * @property {string[]} only Names of scenarios.
 * @property {string | undefined} against Commit of another build of Redrive to run beside.
 * @property {string | undefined} profile Folder for the CPU profiles of Redrive's processes.
 * @property {boolean} json
 * @property {boolean} help
 */

const BOUNDS = { runs: [1, 20], scale: [0.001, 10] }
const NAMES = Object.keys(SCENARIOS)

export const HELP = `npm run bench -- [options]

Measures Redrive beside BullMQ on a private Redis: same payloads, same handler, same concurrency, same retention. What
BullMQ does not have (machines of one's own) is measured beside another build of Redrive, or alone.

  --runs N       how often everything is measured, ${BOUNDS.runs.join('-')}; the table shows medians (default 3)
  --scale X      so many times the usual number of messages, ${BOUNDS.scale.join('-')} (default 1)
  --only NAMES   some scenarios, by comma: ${NAMES.join(', ')}
  --against REF  builds this commit of Redrive in .cache/bench, and runs it beside
  --quick        two minutes: --runs 1 --scale 0.1
  --profile DIR  writes CPU profiles of Redrive's processes there; profiling costs time, so ratios are worthless then
  --json         the rows as one JSON line on stdout; the table goes to stderr`

/**
 * @param {string[]} args
 * @returns {BenchOptions}
 */
export function parseOptions(args) {
  const { runs, scale, only, against, quick, profile, json, help } = parse(args)
  const scenarios = only === undefined ? NAMES : only.split(',')
  const unknown = scenarios.find((name) => !NAMES.includes(name))
  if (unknown !== undefined) throw usage(`there is no scenario "${unknown}".`)
  return {
    runs: bounded('runs', runs ?? (quick ? '1' : '3'), Number.isInteger),
    scale: bounded('scale', scale ?? (quick ? '0.1' : '1'), Number.isFinite),
    only: scenarios,
    against,
    profile: profile === undefined ? undefined : resolve(profile),
    json,
    help,
  }
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        runs: { type: 'string' },
        scale: { type: 'string' },
        only: { type: 'string' },
        against: { type: 'string' },
        quick: { type: 'boolean', default: false },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw usage(error.message)
  }
}

function bounded(name, text, isRight) {
  const [min, max] = BOUNDS[name]
  const value = text.trim() === '' ? NaN : Number(text)
  if (isRight(value) && value >= min && value <= max) return value
  throw usage(`--${name} must be from ${min} to ${max}; got "${text}".`)
}

const usage = (message) => Object.assign(new Error(`${message}\n\n${HELP}`), { usage: true })
