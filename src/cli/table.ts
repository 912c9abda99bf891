import { printable } from './printable.ts'
import type { Colors } from './terminal.ts'

export interface TableOptions {
  readonly colors: Colors
  /** Where a row is cut, on a terminal. A pipe gets it whole. */
  readonly width?: number | undefined
}

/** Rows under their headings, in columns two blanks apart. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const cells = rows.map((row) => row.map(printable))
  const widths = headings.map((heading, i) => Math.max(...[heading, ...cells.map((row) => row[i] ?? '')].map(length)))
  const line = (row: readonly string[]): string => {
    const text = row.map((cell, i) => cell + ' '.repeat(widths[i]! - length(cell))).join('  ')
    return cut(text.trimEnd(), options.width)
  }
  return [options.colors.bold(line(headings)), ...cells.map(line)].join('\n')
}

/** Names and values below each other; `undefined` leaves a line out. */
export function facts(entries: readonly (readonly [string, string | undefined])[], colors: Colors): string {
  const shown = entries.filter(([, value]) => value !== undefined)
  const width = Math.max(...shown.map(([name]) => name.length))
  const indent = ' '.repeat(width + 2)
  return shown
    .map(([name, value]) => `${colors.bold(name.padEnd(width))}  ${value!.replaceAll('\n', `\n${indent}`)}`)
    .join('\n')
}

const length = (text: string): number => Array.from(text).length

export function cut(text: string, width: number | undefined): string {
  // A terminal that does not know its width reports none, or 0.
  if (!width || length(text) <= width) return text
  return `${Array.from(text)
    .slice(0, Math.max(0, width - 1))
    .join('')}…`
}
