import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

export const HELP = `Usage: npm run chaos -- [options]

Sends messages while everything that can break is broken, and proves that nothing is lost.

  --messages N    how many messages (default 10000)
  --seed S        the same seed plans the same messages and faults (default 1)
  --faults LIST   names with commas between, or "all" (default); "none" for none
  --patience S    seconds without progress after which a run is not going to end (default 60)
  --json          the last line is the verdict as JSON
  --keep          leaves the directory of the run, with its records and logs`

const FLAGS = {
  messages: { type: 'string', default: '10000' },
  seed: { type: 'string', default: '1' },
  faults: { type: 'string', default: 'all' },
  patience: { type: 'string', default: '60' },
  patches: { type: 'string' },
  json: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
}

/** @returns options of a run; `patches` are breakages as `[file of dist, text, replacement]` each. */
export function parseOptions(args) {
  const { values } = asUsage(() => parseArgs({ args, options: FLAGS }))
  return {
    ...values,
    messages: wholeNumber('messages', values.messages, 1),
    seed: wholeNumber('seed', values.seed, 0),
    patience: 1000 * wholeNumber('patience', values.patience, 1),
    faults: faultList(values.faults),
    patches: values.patches === undefined ? [] : JSON.parse(values.patches),
  }
}

function faultList(text) {
  const known = knownFaults()
  if (text === 'all') return known
  if (text === 'none') return []
  const names = text.split(',')
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined) throw usage(`there is no fault "${strange}". Faults: ${known.join(', ')}.`)
  return names
}

/** Their names are the keys of one table; it is read as text, for nothing is built yet when the options are checked. */
function knownFaults() {
  const source = readFileSync(new URL('../../test/chaos/faults.ts', import.meta.url), 'utf8')
  const table = source.slice(source.indexOf('export const FAULTS = {'))
  return [...table.matchAll(/^ {2}'?([\w-]+)'?: \{/gm)].map(([, name]) => name)
}

function wholeNumber(name, text, min) {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min) return value
  throw usage(`--${name} must be a whole number from ${min}; got "${text}".`)
}

function asUsage(parse) {
  try {
    return parse()
  } catch (error) {
    throw usage(error.message)
  }
}

const usage = (message) => Object.assign(new Error(message), { usage: true })
