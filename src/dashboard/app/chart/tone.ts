import type { ChartState } from '../../../inspect/chart/chart.ts'

/** What a state means to whoever looks: it decides the colour of its mark. */
export type Tone = 'waiting' | 'working' | 'retrying' | 'done' | 'dead' | 'ended'

const FAILED = /^(dead|failed|error|rejected|expired)$/i

export function toneOf({ tags, kind, invokes, name }: Pick<ChartState, 'tags' | 'kind' | 'invokes' | 'name'>): Tone {
  if (tags.some((tag) => FAILED.test(tag)) || FAILED.test(name)) return 'dead'
  if (tags.includes('retrying')) return 'retrying'
  if (kind === 'final') return tags.includes('cancelled') ? 'ended' : 'done'
  return invokes.length > 0 ? 'working' : 'waiting'
}

/** The tone of a message where no chart is known. */
export function toneOfTags(state: string, tags: readonly string[]): Tone {
  if (state.startsWith('~') || tags.some((tag) => FAILED.test(tag)) || FAILED.test(state)) return 'dead'
  if (tags.includes('retrying')) return 'retrying'
  if (tags.includes('succeeded')) return 'done'
  return tags.includes('settled') || tags.includes('cancelled') ? 'ended' : 'waiting'
}
