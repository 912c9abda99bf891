const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1000 },
] as const

/** `840 ms`, `3.2 s`, `2 min 5 s`, `3 d 4 h`: two units at most. */
export function durationText(ms: number): string {
  const length = Math.max(0, ms)
  if (length < 1000) return `${Math.round(length)} ms`
  if (length < 10_000) return `${trimmed(length / 1000)} s`
  const first = UNITS.findIndex((unit) => length >= unit.ms)
  const unit = UNITS[first]
  if (!unit) return `${Math.round(length)} ms`
  const smaller = UNITS[first + 1]
  const count = Math.floor(length / unit.ms)
  if (!smaller) return `${count} ${unit.name}`
  const rest = Math.floor((length - count * unit.ms) / smaller.ms)
  return rest === 0 ? `${count} ${unit.name}` : `${count} ${unit.name} ${rest} ${smaller.name}`
}

const trimmed = (value: number): string => value.toFixed(1).replace(/\.0$/, '')

const COUNT = new Intl.NumberFormat('en')
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const countText = (count: number): string => (count < 100_000 ? COUNT.format(count) : COMPACT.format(count))

/** `12K`: where there is no room for more. */
export const compactText = (count: number): string => COMPACT.format(count)

/** `0`, `0.4`, `12`, `1.2K`: a rate per second. */
export function rateText(rate: number): string {
  if (rate === 0) return '0'
  if (rate < 10) return trimmed(Math.max(rate, 0.1))
  return rate < 10_000 ? COUNT.format(Math.round(rate)) : COMPACT.format(rate)
}

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export const timeText = (at: number): string => TIME.format(at)

/** `2026-11-23 21:14:05.123`, in the viewer's own time zone. */
export function dateText(at: number): string {
  const date = new Date(at)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${TIME.format(at)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
