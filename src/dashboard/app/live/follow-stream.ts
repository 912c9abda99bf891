import { readEvents, type ServerEvent } from '../api/event-stream.ts'

interface Hearer {
  hear(event: ServerEvent): void
  /** It broke, and is opened again after a while. */
  lost?(): void
}

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 5000

/**
 * Follows a stream of the server: open while the tab is shown, because a browser has few connections for all its tabs, and opened again
 * whenever it breaks. Returns how to end it.
 */
export function followStream(url: URL, { hear, lost = () => {} }: Hearer): () => void {
  let lastId: string | undefined
  let stream: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let pause = FIRST_PAUSE

  async function read(signal: AbortSignal): Promise<void> {
    for await (const event of readEvents(url, { lastId, signal })) {
      lastId = event.id ?? lastId
      pause = FIRST_PAUSE
      hear(event)
    }
  }

  function open(): void {
    const opened = new AbortController()
    stream = opened
    void read(opened.signal)
      .catch(() => {}) // why it broke does not matter: it is opened again, and the page says so meanwhile
      .then(() => {
        if (opened.signal.aborted) return
        lost()
        timer = setTimeout(open, pause)
        pause = Math.min(pause * 2, LONGEST_PAUSE)
      })
  }

  function close(): void {
    clearTimeout(timer)
    stream?.abort()
    stream = undefined
  }

  const onVisibility = (): void => {
    if (document.hidden) close()
    else if (!stream) open()
  }

  document.addEventListener('visibilitychange', onVisibility)
  onVisibility()
  return () => {
    document.removeEventListener('visibilitychange', onVisibility)
    close()
  }
}
