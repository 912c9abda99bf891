#!/usr/bin/env node
import { HELP, parseOptions } from './bench/options.mjs'
import { runBenchmark } from './bench/run.mjs'

async function main() {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options.help) console.log(HELP)
    else await runBenchmark(options)
    return 0
  } catch (error) {
    console.error(`bench: ${error.message}`)
    return error.usage ? 2 : 1
  }
}

process.exitCode = await main()
