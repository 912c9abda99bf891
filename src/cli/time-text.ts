const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** `250ms`, `3.2s`, `4m10s`, `2h5m`, `3d4h`: readable, and accepted where an option wants a duration. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 59_950) return `${Number((ms / 1000).toFixed(1))}s`
  const i = UNITS.findIndex((_, at) => inSmaller(ms, at) >= partsOf(at))
  const [small, parts] = [inSmaller(ms, i), partsOf(i)]
  const rest = small % parts
  return `${Math.floor(small / parts)}${UNITS[i]![0]}${rest > 0 ? `${rest}${UNITS[i + 1]![0]}` : ''}`
}

/** Rounded to the unit below first: 1h59m58s is 2h, and not 1h60m. */
const inSmaller = (ms: number, unit: number): number => Math.round(ms / UNITS[unit + 1]![1])
const partsOf = (unit: number): number => UNITS[unit]![1] / UNITS[unit + 1]![1]

/** `12s ago`. Two clocks can differ by a little, so a moment ahead is "now". */
export function agoText(at: number, now: number): string {
  return now - at < 1 ? 'now' : `${durationText(now - at)} ago`
}

/** When a message needs a worker. */
export function dueText(at: number | null, now: number): string {
  if (at === null) return '-'
  return at > now ? `in ${durationText(at - now)}` : `${durationText(now - at)} ago`
}

export const dateText = (at: number): string => new Date(at).toISOString()

/** `14:05:09.120`, in the reader's time zone. */
export function clockText(at: number): string {
  const date = new Date(at)
  const two = (part: number): string => String(part).padStart(2, '0')
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`
}
