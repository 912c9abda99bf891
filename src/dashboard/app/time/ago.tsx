import type { JSX } from 'preact'
import { now } from './clock.ts'
import { dateText, durationText } from './duration-text.ts'

/** "3 s ago", with the exact time behind it. */
export function Ago({ at }: { at: number }): JSX.Element {
  const age = now.value - at
  return (
    <time dateTime={new Date(at).toISOString()} title={dateText(at)}>
      {age < 1000 ? 'just now' : `${durationText(coarse(age))} ago`}
    </time>
  )
}

/** "in 3 s", or "due" when it is over: a timer that waits for a worker. */
export function Countdown({ to }: { to: number }): JSX.Element {
  const left = to - now.value
  return (
    <time dateTime={new Date(to).toISOString()} title={dateText(to)}>
      {left > 0 ? `in ${durationText(coarse(left))}` : `due for ${durationText(coarse(-left))}`}
    </time>
  )
}

/** Whole seconds: the clock of the page moves once a second. */
const coarse = (ms: number): number => Math.max(1000, Math.floor(ms / 1000) * 1000)
