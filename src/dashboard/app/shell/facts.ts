import { signal } from '@preact/signals'
import { loadOverview, type Overview, type QueueOverview } from '../api/overview.ts'
import { setClock } from '../time/clock.ts'

/** What every page knows: the queues, whether it may write, and whether Redis answers. */
export const overview = signal<Overview | undefined>(undefined)
export const overviewError = signal<unknown>(undefined)

const EVERY = 2000

let timer: ReturnType<typeof setTimeout> | undefined

export async function refreshOverview(): Promise<void> {
  clearTimeout(timer)
  try {
    if (!document.hidden) {
      const next = await loadOverview()
      setClock(next.at)
      // While Redis is away there are no figures; the last ones stay, and the notice says how old they are.
      const last = overview.value
      overview.value = next.redis.up || !last ? next : { ...last, redis: next.redis }
      overviewError.value = undefined
    }
  } catch (error) {
    overviewError.value = error
  } finally {
    clearTimeout(timer)
    timer = setTimeout(() => void refreshOverview(), EVERY)
  }
}

export const queueOf = (name: string): QueueOverview | undefined =>
  overview.value?.queues.find((queue) => queue.name === name)

/** With one queue there is nothing to choose: it is the first page. */
export function homeQueue(): string | undefined {
  const [only, ...others] = (overview.value?.queues ?? []).filter(({ known }) => known)
  return others.length === 0 ? only?.name : undefined
}

export const isReadOnly = (): boolean => overview.value?.readOnly ?? true
