import { isTerminal } from './tally.mjs'

/**
 * A message that was sent, and what the store has of it in the end.
 * @typedef {object} Account
 * @property {{ id: string, digest: string }} sent
 * @property {Pick<import('../../dist/src/index.js').Message, 'state' | 'output' | 'context'> | undefined} stored
 *
 * @typedef {object} Verdict
 * @property {number} succeeded
 * @property {number} dead
 * @property {number} refused Dead at once, because no retry would have helped.
 * @property {number} lost Missing, or in no terminal state.
 * @property {number} duplicateDeliveries Accepted by the receiver again, although it had accepted the same message before.
 * @property {string[]} faults What is wrong, in words; none means that all is well.
 */

/**
 * Compares what the store says with what the receiver wrote down. Neither knows of the other.
 * @param {Account[]} accounts
 * @param {import('./receiver.mjs').Delivery[]} log
 * @returns {Verdict}
 */
export function verdict(accounts, log) {
  const deliveries = groupById(log)
  const inState = (state) => accounts.filter(({ stored }) => stored?.state === state)
  const known = new Set(accounts.map(({ sent }) => sent.id))
  const strangers = [...deliveries.keys()].filter((id) => !known.has(id))
  const accepted = [...deliveries.values()].map((some) => some.filter(isAccepted).length)
  return {
    succeeded: inState('succeeded').length,
    dead: inState('dead').length,
    refused: inState('dead').filter(({ stored }) => stored.context.reason === 'fatal').length,
    lost: accounts.filter(({ stored }) => !isTerminal(stored?.state)).length,
    duplicateDeliveries: accepted.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
    faults: [
      ...accounts.flatMap((account) => faultsOf(account, deliveries.get(account.sent.id) ?? [])),
      ...strangers.map((id) => `${id}: the receiver got it, and nobody sent it`),
    ],
  }
}

function faultsOf({ sent, stored }, deliveries) {
  const changed = deliveries.filter(({ digest }) => digest !== sent.digest)
  return [
    ...stateFaults(stored, deliveries),
    ...changed.map(({ number }) => `delivery ${number} is not what was sent`),
  ].map((fault) => `${sent.id}: ${fault}`)
}

function stateFaults(stored, deliveries) {
  if (stored?.state === 'succeeded') return successFaults(stored, deliveries)
  if (stored?.state === 'dead') return deathFaults(stored, deliveries)
  return [
    stored ? `it ended in "${stored.state}", which is no terminal state` : 'it is lost, the store does not have it',
  ]
}

/** The very answer that made it succeed must be in the log. */
function successFaults({ output }, deliveries) {
  const proof = deliveries.find(({ number }) => number === output?.delivery)
  if (!deliveries.some(isAccepted)) return ['it succeeded, and the receiver never accepted it']
  if (!proof || proof.outcome !== String(output.status))
    return [`it succeeded by delivery ${output?.delivery}, and the receiver has ${proof?.outcome ?? 'none'} there`]
  return []
}

function deathFaults({ context }, deliveries) {
  if (deliveries.some(isAccepted)) return ['it is dead, and the receiver accepted it']
  const refused = deliveries.some(({ outcome }) => /^4(?!29)\d\d$/.test(outcome))
  if (context.reason === 'fatal' && !refused) return ['it is dead without a retry, and the receiver never refused it']
  if (deliveries.length === 0) return ['it is dead, and the receiver never saw it']
  return []
}

const isAccepted = ({ outcome }) => /^2\d\d$/.test(outcome)

function groupById(log) {
  const groups = new Map()
  for (const delivery of log) groups.set(delivery.id, [...(groups.get(delivery.id) ?? []), delivery])
  return groups
}
