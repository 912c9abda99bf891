#!/usr/bin/env node
import { HELP, parseOptions } from './demo/options.mjs'
import { runDemo } from './demo/run.mjs'

/** Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage, 130 and 143 after Ctrl-C and SIGTERM. */
async function main() {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (!options.help) return await runDemo(options)
    console.log(HELP)
    return 0
  } catch (error) {
    console.error(`demo: ${error.message}`)
    return error.usage ? 2 : 1
  }
}

process.exitCode = await main()
