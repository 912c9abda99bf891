#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { MUTANTS } from './chaos/mutants.mjs'
import { scriptRules, tryMutant } from './chaos/try-mutant.mjs'

const HELP = `Usage: npm run chaos:mutants -- [options]

Breaks the product on purpose, one line at a time, and tells who catches it. A breakage that nobody catches fails.

  --only TEXT   those whose description has this text
  --quick       the handful that the tests try`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
})

async function main() {
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const chosen = MUTANTS.filter(({ without, quick }) => without.includes(values.only) && (quick || !values.quick))
  if (chosen.length === 0) throw new Error(`there is no mutant without "${values.only}"`)
  const survivors = []
  const report = (without, caught) => {
    const verdict = typeof caught === 'string' ? 'caught  ' : caught ? 'BROKEN  ' : 'SURVIVED'
    if (typeof caught !== 'string') survivors.push(without)
    console.log(`${verdict}  without ${without}: ${caught?.error?.message ?? caught ?? 'nobody saw it'}`)
  }
  for (const mutant of chosen) {
    report(mutant.without, await tryMutant(mutant).catch((/** @type {unknown} */ error) => ({ error })))
  }
  let lines = 0
  if (!values.quick && values.only === '') {
    const rules = await scriptRules()
    lines = rules.length
    for (const { without, caught } of rules) report(without, caught)
  }
  console.log(`${chosen.length + lines - survivors.length} caught, ${survivors.length} survived`)
  return survivors.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
try {
  process.exitCode = await main()
} catch (error) {
  console.error(`chaos:mutants: ${error.message}`)
  process.exitCode = 2
}
