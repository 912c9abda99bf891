import { examine } from '../../../client/doctor/examine.ts'
import type { Finding } from '../../../client/doctor/finding.ts'
import { describeAddress } from '../../../store/connection.ts'
import type { Health, HealthFinding } from '../../shapes/health.ts'
import type { Board } from '../board.ts'
import type { Route } from '../route.ts'

/** The doctor reads a sample of all messages, so he is not asked more often than this many milliseconds. */
const FRESH = 15_000
const PATIENCE = 5000

export function healthRoutes(board: Board): Route[] {
  let last: { readonly at: number; readonly answer: Promise<Health> } | undefined

  /** Whoever asks meanwhile gets the same answer. */
  function health(): Promise<Health> {
    const now = performance.now()
    if (last && now - last.at < FRESH) return last.answer
    const answer = healthOf(board)
    last = { at: now, answer }
    answer.catch(() => {
      last = undefined
    })
    return answer
  }

  return [
    {
      method: 'GET',
      path: 'health',
      action: 'read',
      summary: 'What the doctor finds at the server and in the stored messages',
      handle: health,
    },
  ]
}

async function healthOf({ inside, store }: Board): Promise<Health> {
  await store.queues()
  const redis = await inside.address()
  if (redis === undefined)
    return { findings: [], redis: { up: true, description: (await inside.connected()).description } }
  const { findings, server, messages, full } = await examine({ redis, prefix: inside.prefix, commandTimeout: PATIENCE })
  return {
    at: inside.clock.now(),
    findings: findings.map(findingFacts),
    examined: { messages, full },
    redis: { up: true, description: server, address: describeAddress(redis) },
  }
}

const findingFacts = ({ found, repaired: _repaired, ...facts }: Finding): HealthFinding => ({ ...facts, what: found })
