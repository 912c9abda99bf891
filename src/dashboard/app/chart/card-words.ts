import type { StateFigures } from '../api/live.ts'
import { now } from '../time/clock.ts'
import { compactText, countText, durationText, rateText } from '../time/duration-text.ts'
import type { DrawnState } from './geometry.ts'
import { textWidth } from './text-width.ts'

/** What stands on a card, in the order in which it is read. */
export interface CardWords {
  readonly name: string
  readonly count: string
  /** The time typically spent. */
  readonly spent: string
  readonly rate: string
}

/** As in the style sheet. */
const NAME = '600 14px'
const COUNT = '700 18px'
/** What stands left of the name, between it and the number, and right of that. */
const ROOM = 23 + 8 + 11

export function wordsOf({ state, box, outer }: DrawnState, figures: StateFigures | undefined): CardWords {
  if (!figures) return { name: shortened(state.name, box.width - 30), count: '', spent: '', rate: '' }
  const { p50Ms, inPerSecond, outPerSecond } = figures
  const count = roomyCount(figures.count, box.width - ROOM - textWidth(state.name, NAME))
  return {
    name: shortened(state.name, box.width - ROOM - textWidth(count, COUNT)),
    count,
    spent: outer || p50Ms === null ? '' : durationText(p50Ms),
    rate: outer || inPerSecond + outPerSecond === 0 ? '' : `${rateText(inPerSecond)}/s`,
  }
}

/** The number rather than the name is what changes, but a name that is cut is a riddle: the exact number is in the table. */
function roomyCount(count: number, width: number): string {
  const exact = countText(count)
  return textWidth(exact, COUNT) <= width ? exact : compactText(count)
}

/** The whole name is in the tooltip. */
function shortened(name: string, width: number): string {
  if (textWidth(name, NAME) <= width) return name || '""'
  let most = name.length - 1
  while (most > 2 && textWidth(`${name.slice(0, most)}…`, NAME) > width) most -= 1
  return `${name.slice(0, most)}…`
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
