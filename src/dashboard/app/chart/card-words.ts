import type { StateFigures } from '../api/live.ts'
import { now } from '../time/clock.ts'
import { countText, durationText, rateText } from '../time/duration-text.ts'
import type { DrawnState } from './geometry.ts'

/** What stands on a card, in the order in which it is read. */
export interface CardWords {
  readonly name: string
  readonly count: string
  /** The time typically spent. */
  readonly spent: string
  readonly rate: string
}

export function wordsOf({ state, box, outer }: DrawnState, figures: StateFigures | undefined): CardWords {
  if (!figures) return { name: shortened(state.name, box.width - 30), count: '', spent: '', rate: '' }
  const { p50Ms, inPerSecond, outPerSecond } = figures
  const count = countText(figures.count)
  return {
    name: shortened(state.name, box.width - 30 - count.length * 11),
    count,
    spent: outer || p50Ms === null ? '' : durationText(p50Ms),
    rate: outer || inPerSecond + outPerSecond === 0 ? '' : `${rateText(inPerSecond)}/s`,
  }
}

/** About 8.4 px for each letter of a name; the whole is in the tooltip. */
function shortened(name: string, width: number): string {
  const most = Math.max(Math.floor(width / 8.4), 3)
  return name.length <= most ? name || '""' : `${name.slice(0, most - 1)}…`
}

/**
 * The same as a sentence. What is seen on the card comes first and in the same words: whoever speaks to the computer says what they see.
 */
export function spoken({ state }: DrawnState, figures: StateFigures | undefined, words: CardWords): string {
  const seen = [words.name, words.count, words.spent, words.rate].filter((word) => word !== '').join(' ')
  const place = state.id === '' ? state.name : state.path.join(', ')
  if (!figures) return `${seen}: the state ${place}`
  const { count, inPerSecond, outPerSecond, p50Ms, p99Ms, oldestAt } = figures
  const oldest = oldestAt === null || count === 0 ? '' : `, the oldest for ${durationText(now.peek() - oldestAt)}`
  const rates = `${rateText(inPerSecond)} come and ${rateText(outPerSecond)} go a second`
  const spent =
    p50Ms === null ? '' : `, half stay less than ${durationText(p50Ms)}, 99 % less than ${durationText(p99Ms ?? p50Ms)}`
  return `${seen}: ${count} ${count === 1 ? 'message' : 'messages'} in ${place}${oldest}, ${rates}${spent}`
}
