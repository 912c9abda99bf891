#!/usr/bin/env node
import { rmSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { HELP, parseOptions } from './chaos/options.mjs'
import { stageCopy } from './chaos/copy.mjs'

/** The run plays on a copy of the build, so that nobody builds under its feet, and breakages can be made in it. */
async function main() {
  const { help, patches, keep, json, ...options } = parseOptions(process.argv.slice(2))
  if (help) {
    console.log(HELP)
    return 0
  }
  const directory = await stageCopy(patches)
  // On a signal too: what the run has started ends with the process, and its files go.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130))
  process.once('exit', () => keep || rmSync(directory, { recursive: true, force: true }))
  const { run } = await import(pathToFileURL(join(directory, 'test/chaos/main.js')).href)
  const { verdict, findings } = await run({ ...options, directory: join(directory, 'play') })
  for (const finding of findings.slice(0, 100)) console.log(finding)
  if (findings.length > 100) console.log(`… and ${findings.length - 100} more`)
  if (keep) console.error(`kept: ${directory}`)
  console.log(json ? JSON.stringify(verdict) : verdict)
  return findings.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`chaos: ${error.usage ? error.message : error.stack}`)
  process.exitCode = error.usage ? 2 : 1
}
process.exit()
