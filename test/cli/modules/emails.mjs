/** A worker as a user writes one. Short leases and backoffs, so that tests need not wait. */
export default (redrive) => {
  const options = { lease: '1s', retry: { attempts: 2, backoff: { type: 'fixed', delay: '10ms', jitter: 'none' } } }
  redrive.queue('emails', options).work(async (input, { log }) => {
    log(`in ${process.pid}`)
    if (input.fail) throw new Error(`no luck with ${input.to}`)
    // The first process to take a message with a victim dies of it, as far as that process is concerned.
    if (input.hang) await new Promise(() => {})
    return `sent to ${input.to}`
  })
  redrive.queue('reports', options).work(() => 'reported')
}
