/**
 * @typedef {object} Summary
 * @property {number} sent
 * @property {number} succeeded
 * @property {number} dead
 * @property {number} retries
 * @property {number} leasesLost
 * @property {number} lost
 * @property {number} seconds
 * @property {number} duplicateDeliveries
 * @property {number} deliveries
 * @property {number} seed
 */

const FAULTS_SHOWN = 10

/**
 * @param {{ verdict: import('./verdict.mjs').Verdict, tally: ReturnType<typeof import('./tally.mjs').createTally>,
 *   sent: number, deliveries: number, seconds: number, seed: number }} run
 * @returns {Summary}
 */
export function summarise({ verdict, tally, sent, deliveries, seconds, seed }) {
  const { succeeded, dead, lost, duplicateDeliveries } = verdict
  const { retries, leasesLost } = tally
  const rounded = Math.round(seconds * 10) / 10
  return { sent, succeeded, dead, retries, leasesLost, lost, seconds: rounded, duplicateDeliveries, deliveries, seed }
}

/** The table at the end, and the verdict in words. */
export function summaryText(summary, { refused, faults }, killed, color) {
  const rows = [
    ['sent', summary.sent, `in ${summary.deliveries} deliveries`],
    ['succeeded', summary.succeeded, 'each by an answer that the receiver has in its log'],
    ['dead', summary.dead, `${refused} refused for good (400), ${summary.dead - refused} out of attempts`],
    ['lost', summary.lost, 'read back from Redis one by one'],
    ['retries', summary.retries, 'after 500, 429, a time-out or a cut connection'],
    ['leases lost', summary.leasesLost, killed ? `${killed.name} was killed; the other took over` : ''],
    ['delivered twice', summary.duplicateDeliveries, 'handlers run at least once: a crash can repeat one'],
    ['seconds', summary.seconds, `seed ${summary.seed}`],
  ]
  return [...table(rows, color), '', ...conclusion(faults, color)].join('\n')
}

function table(rows, color) {
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => String(row[i]).length)))
  const edge = (left, middle, right) => left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right
  const line = ([name, value, note]) =>
    `│ ${name.padEnd(widths[0])} │ ${color.bold(String(value).padStart(widths[1]))} │ ${color.dim(note.padEnd(widths[2]))} │`
  return [edge('┌', '┬', '┐'), ...rows.map(line), edge('└', '┴', '┘')]
}

function conclusion(faults, color) {
  if (faults.length === 0)
    return [color.green('✓ Every message came to its end, and the log of the receiver agrees with every one.')]
  const more = faults.length > FAULTS_SHOWN ? [`  and ${faults.length - FAULTS_SHOWN} more`] : []
  return [
    color.red(`✗ ${faults.length} things are wrong:`),
    ...faults.slice(0, FAULTS_SHOWN).map((fault) => `  ${fault}`),
    ...more,
  ]
}
