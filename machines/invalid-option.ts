/** An option was refused. The code is what programs compare; `option` is its path, for example `retry.backoff.delay`. */
export interface InvalidOption {
  readonly code: 'E_INVALID_OPTION'
  readonly option: string
}

/** Throws unless the value of `option` can be used. */
export type Check = (value: unknown, option: string) => void

/**
 * The error for an option that cannot be used: what was expected, and what came.
 * A wrong type gives a TypeError, a right type outside of its bounds a RangeError.
 */
export function invalidOption(
  option: string,
  expected: string,
  came: unknown,
  kind = TypeError,
): Error & InvalidOption {
  const error = new kind(`${option} must be ${expected}; got ${describe(came)}.`)
  return Object.assign(error, { code: 'E_INVALID_OPTION', option } as const)
}

export interface NumberBounds {
  readonly min: number
  readonly max: number
  readonly integer?: boolean
  /** Completes the sentence "… must be", for example `'a whole number'`. */
  readonly what: string
}

export function numberBetween({ min, max, integer = false, what }: NumberBounds): Check {
  const expected = `${what} from ${min} to ${max}`
  return (value, option) => {
    if (typeof value !== 'number') throw invalidOption(option, expected, value)
    const whole = !integer || Number.isInteger(value) || value === Infinity
    // Written so that NaN fails: it is neither below nor above anything.
    if (!(value >= min && value <= max && whole)) throw invalidOption(option, expected, value, RangeError)
  }
}

export function oneOf(...values: readonly string[]): Check {
  const expected = `one of ${values.map((value) => `"${value}"`).join(', ')}`
  return (value, option) => {
    if (typeof value !== 'string') throw invalidOption(option, expected, value)
    if (!values.includes(value)) throw invalidOption(option, expected, value, RangeError)
  }
}

export const callable: Check = (value, option) => {
  if (typeof value !== 'function') throw invalidOption(option, 'a function', value)
}

export const listOfText: Check = (value, option) => {
  const valid = Array.isArray(value) && value.every((item) => typeof item === 'string')
  if (!valid) throw invalidOption(option, 'an array of strings', value)
}

/** Checks every option that is given against a table of checks, and refuses a name that the table does not have. */
export function objectOf(checks: Readonly<Record<string, Check>>): Check {
  const possible = Object.keys(checks).join(', ')
  return (value, option) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalidOption(option, 'an object', value)
    for (const [name, given] of Object.entries(value)) {
      // A misspelt option that is silently ignored shows only in production, as a retry that does not come.
      if (!Object.hasOwn(checks, name))
        throw invalidOption(`${option}.${name}`, `absent, or one of: ${possible}`, given)
      if (given !== undefined) checks[name]?.(given, `${option}.${name}`)
    }
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `${JSON.stringify(value.slice(0, 60))} (a string)`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
