/** In the order of a message's life. */
const STATES = ['pending', 'processing', 'retrying', 'succeeded', 'dead']
const COLORS = { pending: 'dim', processing: 'cyan', retrying: 'yellow', succeeded: 'green', dead: 'red' }
const BAR = 40

/**
 * What one sees of a run at one moment.
 * @typedef {object} Scene
 * @property {number} seconds
 * @property {number} sent
 * @property {number} total
 * @property {Readonly<Record<string, number>>} states Population by state, as Redis has it.
 * @property {{ name: string, pid: number, inFlight: number, deliveries: number, killed?: { at: number, holding: number } }[]} workers
 * @property {Readonly<Record<string, number>>} outcomes What the receiver did, counted.
 * @property {ReturnType<typeof import('./tally.mjs').createTally>} tally
 */

/**
 * The scene as lines of text.
 * @param {Scene} scene
 * @param {ReturnType<typeof import('picocolors').createColors>} color
 * @returns {string[]}
 */
export function frame(scene, color) {
  const { seconds, sent, total, states, tally } = scene
  return [
    '',
    row('sent', bar(sent, total), `${sent} of ${total}`, `${seconds.toFixed(1)} s`),
    '',
    ...STATES.map((state) =>
      row(state, color[COLORS[state]](bar(states[state] ?? 0, Math.max(sent, 1))), states[state] ?? 0),
    ),
    '',
    ...scene.workers.map((worker) => workerLine(worker, color)),
    `  ${'receiver'.padEnd(11)} ${outcomesText(scene.outcomes)}`,
    `  ${'queue'.padEnd(11)} ${tally.retries} retries, ${tally.leasesLost} leases lost`,
    '',
    ...tally.recent.map((transition) => color.dim(`  ${transitionText(transition)}`)),
  ]
}

/** The scene as one line, where lines cannot be drawn over. */
export function oneLine({ seconds, sent, total, states, workers, tally }) {
  const populations = STATES.map((state) => `${state} ${states[state] ?? 0}`).join('  ')
  const killed = workers.flatMap((worker) => (worker.killed ? [`  ${worker.name} killed`] : [])).join('')
  return `${seconds.toFixed(0).padStart(3)} s  sent ${sent}/${total}  ${populations}  retries ${tally.retries}${killed}`
}

function row(name, drawn, ...facts) {
  return `  ${name.padEnd(11)} ${drawn} ${facts.join('   ')}`
}

/** Never empty for a population that is not. */
function bar(value, of) {
  const length = Math.min(BAR, value > 0 ? Math.max(1, Math.round((value / of) * BAR)) : 0)
  return '█'.repeat(length) + '░'.repeat(BAR - length)
}

function workerLine({ name, pid, inFlight, deliveries, killed }, color) {
  const fact = killed
    ? color.red(`killed (SIGKILL) after ${killed.at.toFixed(1)} s with ${killed.holding} deliveries under way`)
    : `process ${pid}, ${inFlight} under way, ${deliveries} deliveries`
  return `  ${name.padEnd(11)} ${fact}`
}

function outcomesText(outcomes) {
  const parts = Object.entries(outcomes).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return parts.map(([outcome, count]) => `${outcome} ×${count}`).join('  ')
}

function transitionText({ id, from, to, error }) {
  return `${id}: ${from} → ${to}, ${error?.message ?? ''}`
}
