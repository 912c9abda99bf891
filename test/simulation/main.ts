import { inspect } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { breaking } from './mutants.ts'
import { parseOptions, USAGE, type SimulateOptions } from './options.ts'
import { runSeed, type Report, type RunOptions } from './run-seed.ts'
import { add, createTally, failure, summary } from './tally.ts'

/** What a thread is given: each `stride`th seed from `first` on. */
interface Share {
  readonly first: number
  readonly end: number
  readonly stride: number
  readonly mutant: string | undefined
}

async function runShare({ first, end, stride, mutant }: Share, told: (report: Report) => void): Promise<void> {
  for (let seed = first; seed < end; seed += stride) told(await watched({ seed, ...breaking(mutant) }))
}

/** A promise that is rejected and that nobody hears of is a fault too. */
async function watched(options: RunOptions): Promise<Report> {
  const unheard: string[] = []
  const hear = (reason: unknown): void => void unheard.push(`a rejection that nobody heard of: ${String(reason)}`)
  process.on('unhandledRejection', hear)
  try {
    const report = await runSeed(options)
    return { ...report, violations: [...report.violations, ...unheard] }
  } catch (error) {
    throw new Error(`seed ${options.seed} could not be run`, { cause: error })
  } finally {
    process.off('unhandledRejection', hear)
  }
}

async function onThreads(
  { first, seeds, threads, mutant }: SimulateOptions,
  told: (report: Report) => void,
): Promise<void> {
  const shares = Array.from({ length: Math.min(threads, seeds) }, (_, i): Share => ({
    first: first + i,
    end: first + seeds,
    stride: Math.min(threads, seeds),
    mutant,
  }))
  await Promise.all(
    shares.map(
      (share) =>
        new Promise<void>((resolve, reject) => {
          const thread = new Worker(new URL(import.meta.url), { workerData: share })
          thread.on('message', told)
          thread.on('error', reject)
          thread.on('exit', () => resolve())
        }),
    ),
  )
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  const tally = createTally()
  const broken = options.mutant === undefined ? '' : ` --break '${options.mutant}'`
  const start = process.hrtime.bigint()
  const told = (report: Report): void => {
    add(tally, report)
    if (report.violations.length > 0) say(failure(report, broken))
    if (tally.seeds % 1000 === 0 && !options.json) say(`${tally.seeds} of ${options.seeds} seeds`)
  }
  if (options.trace) {
    for (let seed = options.first; seed < options.first + options.seeds; seed++)
      told(await watched({ seed, tell: say, ...breaking(options.mutant) }))
  } else await onThreads(options, told)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  say(options.json ? JSON.stringify({ ...tally, seconds }) : summary(tally, seconds))
  return tally.failed.length === 0 && tally.seeds === options.seeds ? 0 : 1
}

if (isMainThread) {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.stderr.write(
      error instanceof Error && error.cause ? `${inspect(error)}\n` : `${String(error)}\n\n${USAGE}\n`,
    )
    process.exitCode = 2
  }
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  await runShare(workerData as Share, (report) => parentPort?.postMessage(report))
}
