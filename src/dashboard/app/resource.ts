import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

export interface Resource<T> {
  /** The last answer, kept while the next is under way or fails. */
  readonly data: T | undefined
  /** Why the last try failed. */
  readonly error: unknown
  reload(): void
}

interface Loaded<T> {
  readonly key: string
  readonly data?: T
  readonly error?: unknown
}

/**
 * Loads when `key` changes, and again `every` so many ms while the tab is shown. Each try waits for the one before it: a slow server is
 * not asked more often than it answers.
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, every?: number): Resource<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ key })
  const [round, setRound] = useState(0)
  const loading = useRef(load)
  loading.current = load
  useEffect(() => {
    const aborted = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = (): void => {
      if (every !== undefined && !aborted.signal.aborted) timer = setTimeout(run, every)
    }
    const run = (): void => {
      if (document.hidden) return again()
      loading.current(aborted.signal).then(
        (data) => {
          if (aborted.signal.aborted) return
          setLoaded({ key, data })
          again()
        },
        (error: unknown) => {
          if (aborted.signal.aborted) return
          setLoaded((before) => (before.key === key ? { ...before, error } : { key, error }))
          again()
        },
      )
    }
    run()
    return () => {
      aborted.abort()
      clearTimeout(timer)
    }
  }, [key, every, round])
  const reload = useCallback(() => setRound((before) => before + 1), [])
  const current = loaded.key === key ? loaded : { key }
  return { data: current.data, error: current.error, reload }
}
