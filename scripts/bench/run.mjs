import pc from 'picocolors'
import { buildOf } from './builds.mjs'
import { killPlayers } from './players.mjs'
import { machineFacts, reportText, toRows } from './report.mjs'
import { SCENARIOS } from './scenarios.mjs'
import { startServer } from './server.mjs'

/**
 * Measures and reports.
 * @param {import('./options.mjs').BenchOptions} options
 */
export async function runBenchmark(options) {
  const builds = { redrive: buildOf(), ...(options.against === undefined ? {} : { before: buildOf(options.against) }) }
  const server = await startServer()
  try {
    const figures = await measure(options, server, builds)
    const facts = machineFacts(server.version, options)
    const report = toRows(figures)
    const view = options.json ? process.stderr : process.stdout
    view.write(`${reportText(report, facts, colorsFor(view))}\n`)
    if (options.json) process.stdout.write(`${JSON.stringify({ ...report, ...facts })}\n`)
  } finally {
    killPlayers()
    await server.close()
  }
}

/**
 * Every figure of every run, by row and system. A run alternates who goes first, and they go one right after the other, so
 * that a machine that slows down meanwhile slows all.
 * @returns {Promise<import('./report.mjs').Figures>}
 */
async function measure({ runs, scale, only, profile }, server, builds) {
  const figures = {}
  for (let run = 0; run < runs; run++) {
    for (const name of only) {
      const { play, peers } = SCENARIOS[name]
      const systems = [...Object.keys(builds), ...peers]
      for (const system of run % 2 === 0 ? systems : systems.toReversed()) {
        process.stderr.write(`run ${run + 1} of ${runs}: ${name}, ${system}\n`)
        await server.flush()
        const measured = await play({ system, build: builds[system], scale, profile, server })
        for (const [row, value] of Object.entries(measured)) ((figures[row] ??= {})[system] ??= []).push(value)
      }
    }
  }
  return figures
}

const colorsFor = (stream) => pc.createColors(stream.isTTY && !process.env.NO_COLOR)
