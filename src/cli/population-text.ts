import type { QueuePopulation } from '../client/population.ts'
import type { PopulationGroup } from '../engine/population.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'
import type { Colors } from './terminal.ts'

/** What becomes of messages, as people read it. */
const FATES: Readonly<Record<PopulationGroup['fate'], string>> = {
  finished: 'finished',
  runs: 'runs in its version',
  moves: 'moves',
  left: 'left to newer workers',
  orphaned: 'would be put aside',
  stuck: 'in quarantine',
  releasable: 'in quarantine, could be released',
}

/** Messages that need somebody's hand. */
export const isMisfit = ({ fate }: PopulationGroup): boolean =>
  fate === 'orphaned' || fate === 'stuck' || fate === 'releasable'

/** A table of the groups, and below it what begins and ends, and why messages are put aside. */
export function populationTable(
  { queue, machine, groups }: QueuePopulation,
  { colors, width }: { readonly colors: Colors; readonly width?: number | undefined },
): string {
  const head = `${colors.bold(queue)}  ${machine}`
  if (groups.length === 0) return `${head}\n  no messages`
  const rows = groups.map((group) => [group.machine, group.state, String(group.count), fateText(group)])
  const options = width === undefined ? { colors } : { colors, width }
  const lines = [table(['MACHINE', 'STATE', 'MESSAGES', 'FATE'], rows, options), ...groups.flatMap(detailsOf)]
  return [head, ...lines.flatMap((text) => text.split('\n')).map((line) => `  ${line}`)].join('\n')
}

function fateText({ fate, state, to }: PopulationGroup): string {
  return to === undefined || to === state ? FATES[fate] : `${FATES[fate]} to ${to}`
}

function detailsOf({ state, begins, ends, keeps, reasons }: PopulationGroup): string[] {
  const counts = (all: Readonly<Record<string, number>>): string =>
    Object.entries(all)
      .map(([id, count]) => `${printable(id)} (${count})`)
      .join(', ')
  return [
    ...(Object.keys(begins).length > 0 ? [`${printable(state)} begins ${counts(begins)}`] : []),
    ...(Object.keys(ends).length > 0 ? [`${printable(state)} ends ${counts(ends)}`] : []),
    ...(Object.keys(keeps).length > 0 ? [`${printable(state)} keeps ${counts(keeps)}`] : []),
    ...reasons.map(
      ({ reason, count, example }) =>
        `${printable(state)}: ${printable(reason)} (${count}, such as "${printable(example)}")`,
    ),
  ]
}

/** `3 messages`, `1 message`. */
export const messagesText = (count: number): string => `${count} message${count === 1 ? '' : 's'}`

/** How many messages of some groups there are. */
export const countOf = (groups: readonly PopulationGroup[], ...fates: readonly PopulationGroup['fate'][]): number =>
  groups.reduce((sum, { fate, count }) => (fates.includes(fate) ? sum + count : sum), 0)
