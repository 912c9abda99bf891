const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** A delay without a name is a number of milliseconds, which nobody reads: `after 86400000` becomes `after 1 d`. No digit is lost. */
export const readableDelays = (text: string): string =>
  text.replaceAll(/\bafter (\d+)(?![\w.])/g, (_, ms: string) => `after ${delayText(Number(ms))}`)

export function delayText(ms: number): string {
  const parts: string[] = []
  let rest = ms
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count} ${name}`)
    rest -= count * size
  }
  return parts.length === 0 ? '0 ms' : parts.join(' ')
}
