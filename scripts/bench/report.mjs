import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { median } from './statistics.mjs'
import { PAYLOADS } from './workload.mjs'

const require = createRequire(import.meta.url)

/**
 * @typedef {Record<string, { redrive: number[], bullmq?: number[], before?: number[] }>} Figures Of each run, by row.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} unit
 * @property {number} redrive Median of the runs.
 * @property {number} [peer] Median of the runs of BullMQ, where it does such work.
 * @property {number} [ratio] redrive / peer.
 * @property {number} [before] Median of the runs of the other build.
 * @property {number} [change] redrive / before.
 * @property {number} runs
 */

const RATE = { unit: 'messages/s', better: 'more' }
const CPU = { unit: 'µs/message', better: 'less' }
const BYTES = { unit: 'bytes/message', better: 'less' }
const TIME = { unit: 'ms', better: 'less' }

const ROWS = {
  'enqueue-bulk': RATE,
  'enqueue-single': RATE,
  process: RATE,
  'redis-cpu': CPU,
  'memory-queued': BYTES,
  'latency-p50': TIME,
  'latency-p99': TIME,
  'timer-lateness-p99': TIME,
  'retry-twice': RATE,
  'custom-machine': RATE,
  'nested-machine': RATE,
  ...Object.fromEntries(Object.keys(PAYLOADS).map((name) => [`payload-${name}`, CPU])),
}

/** Where the time goes; not part of the comparison, but of any explanation of it. */
const DETAILS = {
  'redis-cpu-enqueue': CPU,
  'redis-cpu-process': CPU,
  'node-cpu-enqueue': CPU,
  'node-cpu-process': CPU,
  'node-cpu-retry-twice': CPU,
  'node-cpu-custom-machine': CPU,
  'node-cpu-nested-machine': CPU,
  ...Object.fromEntries(
    Object.keys(PAYLOADS).flatMap((name) => [
      [`payload-${name}-send`, CPU],
      [`payload-${name}-process`, CPU],
      [`payload-${name}-memory`, BYTES],
    ]),
  ),
}

/**
 * @param {Figures} figures
 * @returns {{ rows: Row[], details: Row[] }}
 */
export function toRows(figures) {
  const rowsOf = (kinds) =>
    Object.entries(kinds)
      .filter(([name]) => name in figures)
      .map(([name, { unit }]) => toRow(name, unit, figures[name]))
  return { rows: rowsOf(ROWS), details: rowsOf(DETAILS) }
}

function toRow(name, unit, { redrive, bullmq, before }) {
  const ours = median(redrive)
  const beside = (figures, as, ratio) => {
    if (!figures) return {}
    const theirs = median(figures)
    return { [as]: round(theirs), [ratio]: round(ours / theirs) }
  }
  return {
    name,
    unit,
    redrive: round(ours),
    ...beside(bullmq, 'peer', 'ratio'),
    ...beside(before, 'before', 'change'),
    runs: redrive.length,
  }
}

/** Three significant digits are more than such figures carry. */
const round = (value) => Number(value.toPrecision(3))

export function machineFacts(redis, { scale }) {
  const versionOf = (name) => require(`${name}/package.json`).version
  const model = cpus()[0]?.model ?? 'unknown'
  return {
    machine: { node: process.version, redis, cores: cpus().length, cpu: model, platform: process.platform },
    versions: { redrive: require('../../package.json').version, bullmq: versionOf('bullmq') },
    scale,
  }
}

/** The table, and what one must know to read it. */
export function reportText({ rows, details }, { machine, versions, scale }, color) {
  const title = `Redrive ${versions.redrive} beside BullMQ ${versions.bullmq}, ${rows[0].runs === 1 ? 'one run' : `medians of ${rows[0].runs} runs`}`
  const place = `Node ${machine.node}, Redis ${machine.redis} without persistence on a Unix socket, ${machine.cores} cores (${machine.cpu}), scale ${scale}`
  return [
    '',
    color.bold(title),
    color.dim(place),
    '',
    ...table(rows, color),
    ...(details.length > 0 ? ['', color.dim('Where the time goes:'), ...table(details, color)] : []),
    '',
    color.dim(
      'ratio = Redrive / BullMQ, change = Redrive / the build before. These are figures of one machine at one time: ratios travel better than numbers, and with',
    ),
    color.dim('other work on the machine neither travels far. What each row means: docs/guides/benchmark.md'),
  ].join('\n')
}

function table(rows, color) {
  const columns = COLUMNS.filter(([key]) => rows.some((row) => row[key] !== undefined))
  const lines = [
    columns.map(([, title]) => title),
    ...rows.map((row) => columns.map(([key]) => String(row[key] ?? ''))),
  ]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  const text = (line) =>
    `  ${line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}`
  const [head, ...body] = lines.map(text)
  return [head, ...body.map((line, i) => `${line}  ${verdict(rows[i], color)}`)]
}

const COLUMNS = [
  ['name', ''],
  ['unit', ''],
  ['redrive', 'Redrive'],
  ['peer', 'BullMQ'],
  ['ratio', 'ratio'],
  ['before', 'before'],
  ['change', 'change'],
]

function verdict({ name, ratio, change }, color) {
  const figure = ratio ?? change
  if (figure === undefined) return ''
  const wins = (ROWS[name] ?? DETAILS[name]).better === 'more' ? figure >= 1 : figure <= 1
  return wins ? color.green('better') : color.yellow('worse')
}
