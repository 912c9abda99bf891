import { numberBetween } from '../invalid-option.ts'

/** Lengths of time in milliseconds. */
export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Refuses what is no length of time when the message is sent, and not in weeks. @throws TypeError | RangeError `E_INVALID_OPTION` */
export const checkDuration = numberBetween({ min: 0, max: Number.MAX_SAFE_INTEGER, what: 'milliseconds' })

/** The same for what comes again and again: nothing between two of them would be a loop. */
export const checkInterval = numberBetween({ min: 1, max: Number.MAX_SAFE_INTEGER, what: 'milliseconds' })
