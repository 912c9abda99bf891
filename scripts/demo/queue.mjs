/** How long a worker may be silent. Short, so that one sees the other worker take over. */
const LEASE = '2s'

/**
 * The queue as sender and workers open it. Everything is quicker than in real life, and otherwise the same.
 * @param {import('../../dist/src/index.js').Redrive} redrive
 * @param {number} retained Settled messages kept; all of a run, for the accounts at its end.
 */
export function openQueue(redrive, retained) {
  return redrive.queue('webhooks', {
    journal: { contexts: true },
    lease: LEASE,
    retry: {
      attempts: 6,
      timeout: '500ms',
      backoff: { type: 'exponential', delay: '150ms', max: '1500ms', jitter: 'equal' },
    },
    retention: { succeeded: { count: retained }, dead: { count: retained } },
  })
}
