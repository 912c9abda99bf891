/** Lines of the view that tell what happened last. */
const RECENT = 6

/** What the feed of the queue tells, counted. */
export function createTally() {
  const tally = {
    retries: 0,
    leasesLost: 0,
    /** Messages that came to an end. */
    settled: 0,
    /** @type {import('../../dist/src/index.js').FeedTransition[]} */
    recent: [],
    /** @param {import('../../dist/src/index.js').FeedTransition} transition */
    add(transition) {
      const { tags, from, to, error } = transition
      if (tags.includes('retrying') && from !== to) tally.retries++
      if (error?.code === 'E_LEASE_LOST') tally.leasesLost++
      if (isTerminal(to) && from !== to) tally.settled++
      if (error) tally.recent = [...tally.recent, transition].slice(-RECENT)
    },
  }
  return tally
}

export const isTerminal = (state) => state === 'succeeded' || state === 'dead'

/** Feeds a tally until the signal aborts. */
export async function follow(queue, tally, signal) {
  for await (const transition of queue.feed({ from: 'start', signal })) tally.add(transition)
}
