import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { FAULTS_FOUND, type Finding } from './facts.ts'
import { FAULTS, type FaultName, type StageName } from './faults.ts'
import { canFillDisk, fakeClockLibrary } from './server.ts'
import { playStage, type StageReport } from './stage.ts'

export interface RunOptions {
  readonly messages: number
  readonly seed: number
  readonly faults: readonly FaultName[]
  readonly directory: string
  /** Milliseconds without progress after which a run is not going to end. */
  readonly patience: number
}

/** The line that a run ends with. */
export interface Verdict extends Record<(typeof FAULTS_FOUND)[number], number> {
  readonly messages: number
  readonly duplicateExecutions: number
  readonly faults: Readonly<Record<string, number | 'unavailable'>>
}

const STAGES: readonly StageName[] = ['everysec', 'always', 'clock', 'sentinel']
/** What part of the messages each stage gets. */
const WEIGHTS = { everysec: 6, always: 2, clock: 1, sentinel: 2 } as const
/** So many messages, at most, are played and judged at a time. */
const ROUND = 60_000

export async function run(options: RunOptions): Promise<{ verdict: Verdict; findings: string[] }> {
  const reports: StageReport[] = []
  const rounds = Math.ceil(options.messages / ROUND)
  mkdirSync(options.directory, { recursive: true })
  const missing: readonly FaultName[] = [
    ...(fakeClockLibrary(options.directory) ? [] : ['server-clock' as const]),
    ...(canFillDisk() ? [] : ['full-disk' as const]),
  ]
  const unavailable = options.faults.filter((fault) => missing.includes(fault))
  const possible = options.faults.filter((fault) => !unavailable.includes(fault))
  for (let round = 0; round < rounds; round++) {
    const messages = Math.ceil(
      (options.messages - reports.reduce((sum, report) => sum + report.messages, 0)) / (rounds - round),
    )
    for (const stage of stagesOf(messages, possible)) {
      const name = `${round + 1}-${stage.name}`
      const directory = join(options.directory, name)
      mkdirSync(directory, { recursive: true })
      const report = await playStage({
        ...stage,
        seed: options.seed + 1000 * round,
        times: Math.max(1, Math.min(4, Math.round(stage.messages / 5000))),
        directory,
        patience: options.patience,
        workers: 3,
        producers: 2,
        progress: (text) => show(`${round + 1}/${rounds} ${text}`),
      })
      show(`${summary(name, report)}\n`)
      reports.push(report)
    }
  }
  return { verdict: verdictOf(options, reports, unavailable), findings: reports.flatMap(describe) }
}

/** One line that changes, for people; into a file only what stays. */
function show(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else if (text.endsWith('\n') || process.env['CHAOS_VERBOSE']) process.stderr.write(`${text.trimEnd()}\n`)
}

/** Each fault in the stages where it can happen; a stage without one of its own is left out. */
function stagesOf(messages: number, faults: readonly FaultName[]) {
  const happens = (fault: FaultName, stage: StageName): boolean =>
    (FAULTS[fault].in as readonly StageName[]).includes(stage)
  const homes = new Set(faults.map((fault) => FAULTS[fault].in[0]))
  const names = homes.size === 0 ? ['everysec' as const] : STAGES.filter((stage) => homes.has(stage))
  const total = names.reduce((sum, name) => sum + WEIGHTS[name], 0)
  let left = messages
  return names.map((name, i) => {
    const share = i === names.length - 1 ? left : Math.floor((messages * WEIGHTS[name]) / total)
    left -= share
    return { name, messages: share, faults: faults.filter((fault) => happens(fault, name)) }
  })
}

function verdictOf(options: RunOptions, reports: readonly StageReport[], unavailable: readonly FaultName[]): Verdict {
  const findings: Finding[] = reports.flatMap((report) => report.findings)
  const count = (kind: string): number => findings.filter((finding) => finding.kind === kind).length
  const sum = (read: (report: StageReport) => number): number =>
    reports.reduce((total, report) => total + read(report), 0)
  const faults = options.faults.map((fault) => [
    fault,
    unavailable.includes(fault) ? 'unavailable' : sum((report) => report.faults.get(fault) ?? 0),
  ])
  return {
    messages: sum(({ messages }) => messages),
    lost: count('lost'),
    doubleCommitted: count('doubleCommitted'),
    illegal: count('illegal'),
    indexDrift: count('indexDrift'),
    earlyTimers: count('earlyTimers'),
    signalsLost: count('signalsLost'),
    duplicateExecutions: sum(({ duplicateExecutions }) => duplicateExecutions),
    faults: Object.fromEntries(faults) as Verdict['faults'],
  }
}

const describe = ({ findings, crashes }: StageReport): string[] => [
  ...crashes,
  ...findings.map(({ kind, id, what }) => `${kind}: ${id}: ${what}`),
]

function summary(
  name: string,
  { messages, findings, lateness, rolledBack, duplicateExecutions, crashes }: StageReport,
): string {
  const at = (part: number): number => lateness[Math.min(lateness.length - 1, Math.floor(lateness.length * part))] ?? 0
  return [
    `${name}: ${messages} messages, ${findings.length + crashes.length} findings, ${duplicateExecutions} duplicate executions`,
    `timers late by ${at(0.5)} ms (p50), ${at(0.99)} ms (p99), ${at(1)} ms (most)`,
    ...(rolledBack > 0 ? [`${rolledBack} unconfirmed sends taken back by failovers`] : []),
  ].join('; ')
}
