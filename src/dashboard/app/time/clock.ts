import { signal } from '@preact/signals'

/** Milliseconds by which the clock of Redis is ahead of this browser's. */
let ahead = 0

/** The clock of Redis as of the last answer, moving on each second. Texts such as "3 s ago" follow it. */
export const now = signal(Date.now())

/** Each answer tells the time of the server: a browser whose clock is wrong still counts down rightly. */
export function setClock(at: number): void {
  ahead = at - Date.now()
}

const serverNow = (): number => Date.now() + ahead

setInterval(() => {
  if (!document.hidden) now.value = serverNow()
}, 1000)
