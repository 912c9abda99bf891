import { parseArgs } from 'node:util'
import { MUTANT_NAMES } from './mutants.ts'

/** What `npm run simulate` is asked for. */
export interface SimulateOptions {
  /** Seeds to run, one after the other. */
  readonly seeds: number
  /** The first of them. */
  readonly first: number
  /** Tell all that happens. For a seed that failed. */
  readonly trace: boolean
  /** Threads. */
  readonly threads: number
  readonly json: boolean
  /** A fault of `mutants.ts` to put into the store or the disk, by its name. */
  readonly mutant: string | undefined
}

export const USAGE = `npm run simulate -- [--seeds N] [--seed S] [--trace] [--threads T] [--break NAME] [--json]

  --seeds N    how many seeds to run (1000; with --seed 1)
  --seed S     the first of them (1)
  --trace      tell all that happens, on one thread
  --threads T  how many seeds run at a time (2)
  --break NAME put a fault into store or disk, to see that it is found; NAME is the beginning of its name in mutants.ts
  --json       one line of figures at the end`

/** @throws Error when the arguments are wrong; its message says how. */
export function parseOptions(args: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      threads: { type: 'string', default: '2' },
      break: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const mutant = values.break === undefined ? undefined : mutantNamed(values.break)
  const first = whole('seed', values.seed ?? '1')
  const seeds = whole('seeds', values.seeds ?? (values.seed === undefined ? '1000' : '1'))
  return {
    first,
    seeds,
    trace: values.trace,
    json: values.json,
    mutant,
    threads: values.trace ? 1 : whole('threads', values.threads),
  }
}

function mutantNamed(beginning: string): string {
  const name = MUTANT_NAMES.find((each) => each.startsWith(beginning))
  if (name !== undefined) return name
  throw new Error(`there is no fault "${beginning}". Faults:\n  ${MUTANT_NAMES.join('\n  ')}`)
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value <= 1e9) return value
  throw new Error(`--${name} must be a whole number from 1 to 1000000000; got "${text}".`)
}
