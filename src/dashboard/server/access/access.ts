import { createHash, timingSafeEqual } from 'node:crypto'
import { RedriveError } from '../../../errors.ts'
import type { Action, Settings } from '../dashboard-options.ts'
import type { Visit } from '../visit.ts'
import { checkNeighbour } from './neighbour.ts'
import { createRateLimit } from './rate-limit.ts'
import { checkSameSite } from './same-site.ts'

/** Who is let in, and to what. */
export interface Access {
  /** Before anything is read of a request for data. A ticket stands for the token. @throws RedriveError `E_RATE_LIMITED`, `E_UNAUTHORIZED`, `E_FORBIDDEN` */
  enter(visit: Visit, ticket?: { readonly isValid: boolean }): void
  /** Before the app itself is given out; it holds no data. @throws RedriveError `E_FORBIDDEN` */
  enterPage(visit: Visit): Promise<void>
  /** Before something is done. Returns the name of whoever does it. @throws RedriveError `E_FORBIDDEN` */
  permit(visit: Visit, action: Action): Promise<string>
}

/** Wrong tokens that an address may show in a minute. */
const WRONG_TOKENS = 10
/** Whoever has the token, or sits at this machine. */
export const SOMEBODY = 'dashboard'

export function createAccess({ token, authorize, readOnly, rateLimit }: Settings): Access {
  const requests = createRateLimit(rateLimit, Math.ceil(rateLimit / 4))
  const failures = createRateLimit(WRONG_TOKENS, WRONG_TOKENS)
  const isOpenToAll = token === undefined && authorize === undefined

  function checkToken(visit: Visit): void {
    if (token === undefined) return
    failures.check(visit.address)
    const [, given] = /^Bearer +(\S+)$/i.exec(visit.request.headers.get('authorization') ?? '') ?? []
    if (given !== undefined && isSame(given, token)) return
    if (given !== undefined) failures.take(visit.address)
    const what = given === undefined ? 'a token is wanted' : 'the token is wrong'
    throw new RedriveError(
      'E_UNAUTHORIZED',
      `${what}: send "Authorization: Bearer <token>", or open the link with #token=….`,
    )
  }

  async function permit(visit: Visit, action: Action): Promise<string> {
    const answer = (await authorize?.(visit.raw, action)) ?? true
    if (answer === true) return SOMEBODY
    if (answer !== false && typeof answer.actor === 'string') return answer.actor
    throw new RedriveError('E_FORBIDDEN', `you may not do this here: ${action.type}.`, { action: action.type })
  }

  return {
    enter(visit, ticket) {
      requests.take(visit.address)
      if (isOpenToAll) checkNeighbour(visit)
      if (ticket?.isValid !== true) checkToken(visit)
      checkSameSite(visit.request)
    },
    async enterPage(visit) {
      if (isOpenToAll) checkNeighbour(visit)
      await permit(visit, { type: 'page' })
    },
    permit(visit, action) {
      if (readOnly && action.type !== 'read')
        throw new RedriveError('E_FORBIDDEN', 'this dashboard only reads: it was started with readOnly.', {
          action: action.type,
          readOnly: true,
        })
      return permit(visit, action)
    },
  }
}

/** In a time that tells nothing of where they differ, or of how long the right one is. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
