import { parseMessage } from './layout.ts'
import type { CommitGroup, Round } from './round.ts'
import type { Claim, CommitEntry, CommitResult, CommitStatus, Disposal, EnqueueStatus } from './store.ts'

/** The scripts answer with one letter an item. */
export const letters = (reply: string): string[] => reply.split('')

export function decodeStatuses<const Status extends string>(
  reply: unknown,
  meaning: Readonly<Record<string, Status>>,
): Status[] {
  return letters(reply as string).map((letter) => meaning[letter]!)
}

export function parseEnqueued(reply: string): EnqueueStatus[] {
  const [answers = '', messages = 0, bytes = 0] = reply.split(' ')
  const meaning: Readonly<Record<string, EnqueueStatus>> = {
    c: 'created',
    d: 'duplicate',
    f: { refused: 'foreign', held: 0 },
    m: { refused: 'messages', held: Number(messages) },
    b: { refused: 'bytes', held: Number(bytes) },
  }
  return letters(answers).map((letter) => meaning[letter]!)
}

export type ClaimReply = [string, string, ...[string, string, number, string[], string[]][]]

export function parseClaim(token: string, [now, next, ...messages]: ClaimReply): Claim {
  return {
    now: Number(now),
    ...(next === 'p' ? { paused: true } : next === '' ? {} : { next: Number(next) }),
    messages: messages.map(([id, due, revision, flat, inbox]) => ({
      ...parseMessage(id, flat, inbox),
      fence: `${revision}:${token}`,
      dueAt: Math.floor(Number(due)),
    })),
  }
}

const COMMIT_STATUS: Readonly<Record<string, CommitStatus>> = {
  a: 'applied',
  m: 'applied',
  d: 'duplicate',
  f: 'fenced',
  u: 'unknown',
}

export const commitResult = (letter: string, { disposal }: CommitEntry): CommitResult => ({
  status: statusOf(letter, disposal),
  inbox: letter === 'm',
})

/** A removal that is sent again finds nothing: only the holder of the fence could have removed it, so it was this one. */
const statusOf = (letter: string, disposal: Disposal): CommitStatus =>
  letter === 'u' && disposal === 'remove' ? 'duplicate' : COMMIT_STATUS[letter]!

export function parseRound(
  [now, next = '', mark, statuses = '', ...started]: readonly string[],
  groups: readonly CommitGroup[],
): Round {
  const disposals = groups.flatMap(({ disposal, members }) => members.map(() => disposal))
  return {
    now: Number(now),
    ...(next === '' ? {} : { next: Number(next) }),
    ...(mark === 'p' ? { paused: true } : {}),
    others: mark === 'o',
    statuses: letters(statuses).map((letter, i) => statusOf(letter, disposals[i]!)),
    started: Array.from({ length: started.length / 2 }, (_, i) => {
      const text = started[2 * i + 1]!
      return { id: started[2 * i]!, createdAt: Number(text.slice(0, TIME_DIGITS)), input: text.slice(TIME_DIGITS) }
    }),
  }
}

/** Milliseconds since 1970, until the year 2286. */
const TIME_DIGITS = 13
