/** Large texts that were announced, until somebody takes them. */
export interface LargeTexts {
  /** The message that a name of `largeName` is about. */
  idOf(name: string): string
  put(name: string, text: string): void
  take(name: string): string | undefined
  /** Nobody waits for this message any more. */
  forget(id: string): void
}

/** Characters in all; the oldest go first, and are read from the store instead. */
const MOST = 64 * 1024 * 1024

export function createLargeTexts(): LargeTexts {
  const texts = new Map<string, string>()
  const names = new Map<string, Set<string>>()
  let size = 0

  const idOf = (name: string): string => name.slice(name.indexOf(':', 2) + 1)

  function take(name: string): string | undefined {
    const text = texts.get(name)
    if (text === undefined) return undefined
    texts.delete(name)
    size -= text.length
    const known = names.get(idOf(name))
    known?.delete(name)
    if (known?.size === 0) names.delete(idOf(name))
    return text
  }

  return {
    idOf,
    take,
    put(name, text) {
      take(name)
      texts.set(name, text)
      size += text.length
      const id = idOf(name)
      names.set(id, (names.get(id) ?? new Set()).add(name))
      for (const [oldest] of texts) {
        if (size <= MOST || oldest === name) return
        take(oldest)
      }
    },
    forget(id) {
      for (const name of names.get(id) ?? []) take(name)
    },
  }
}
