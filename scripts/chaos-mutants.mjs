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
  for (const mutant of chosen) {
    const caught = await tryMutant(mutant)
    if (!caught) survivors.push(mutant.without)
    console.log(`${caught ? 'caught  ' : 'SURVIVED'}  without ${mutant.without}: ${caught ?? 'nobody saw it'}`)
  }
  let lines = 0
  if (!values.quick && values.only === '') {
    const rules = await scriptRules()
    lines = rules.length
    for (const { without, caught } of rules) {
      if (!caught) survivors.push(without)
      console.log(`${caught ? 'caught  ' : 'SURVIVED'}  without ${without}: ${caught ?? 'nobody saw it'}`)
    }
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
