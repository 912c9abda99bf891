/** Longest reason, in characters. */
const MAX_REASON = 1000
/** How far causes are followed, and how many of each error: more would tell nobody more. */
const MAX_DEPTH = 4
const MAX_CAUSES = 5

/**
 * What an error says, as text. An AggregateError, which is what Node throws for each connection that is refused at two addresses, says
 * nothing itself: its causes do. `fetch failed` says too little: its cause follows.
 */
export function messageOf(error: unknown, depth = 0): string {
  const message = read(error, 'message')
  const own = typeof message === 'string' ? message.trim() : ''
  if (own !== '' && own !== 'fetch failed') return message as string
  if (depth >= MAX_DEPTH) return own
  const causes = causesOf(error).map((cause) => said(cause, depth + 1))
  const told = [...new Set(causes.filter((each) => each !== ''))].slice(0, MAX_CAUSES).join('; ')
  if (own !== '' || told !== '')
    return [own, told]
      .filter((each) => each !== '')
      .join(': ')
      .slice(0, MAX_REASON)
  const code = read(error, 'code')
  return typeof code === 'string' && code !== 'E_NON_ERROR_THROWN' ? code : ''
}

/** What led to an error: those of an AggregateError, both of a SuppressedError, or its cause. */
export function causesOf(error: unknown): unknown[] {
  const several = read(error, 'errors')
  const both = [read(error, 'error'), read(error, 'suppressed')]
  const all = isList(several) ? several.slice(0, MAX_CAUSES) : []
  return [...all, ...(both.includes(undefined) ? [] : both), read(error, 'cause')].filter(
    (each) => each !== undefined && each !== null && each !== error,
  )
}

const said = (cause: unknown, depth: number): string =>
  typeof read(cause, 'message') === 'string' ? messageOf(cause, depth) : describe(cause)

function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** What is no error, as text. */
export function describe(value: unknown): string {
  try {
    const json = typeof value === 'object' ? JSON.stringify(value) : undefined
    return json ?? String(value)
  } catch {
    return `an unprintable ${typeof value}`
  }
}

/** A property of anything. Getters and proxies may throw; the message must not be lost for that. */
export function read(value: unknown, key: string): unknown {
  try {
    return value === undefined || value === null ? undefined : (value as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}
