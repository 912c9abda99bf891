#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { measureContexts } from './bench/dashboard/contexts.mjs'
import { measurePage } from './bench/dashboard/page.mjs'
import { measureWatching } from './bench/dashboard/watching.mjs'

const HELP = `Measures what the dashboard costs, and prints one line of JSON.

  --rounds <n>     pairs of runs, with and without a viewer (default 7)
  --messages <n>   messages of each run (default 20000)
  --seconds <n>    how long the page is watched under load (default 10)
  --only <what>    watching, contexts or page
`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    messages: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else {
  const settings = { rounds: Number(values.rounds), messages: Number(values.messages), seconds: Number(values.seconds) }
  const wants = (what) => values.only === undefined || values.only === what
  const figures = {
    ...(wants('watching') ? { watching: await measureWatching(settings) } : {}),
    ...(wants('contexts') ? { contexts: await measureContexts(settings) } : {}),
    ...(wants('page') ? { page: await measurePage(settings) } : {}),
  }
  console.log(JSON.stringify(figures))
}
