/** A worker as a user writes one. Short leases and backoffs, so that tests need not wait. */
export default (redrive) => {
  const options = { lease: '1s', retry: { attempts: 2, backoff: { type: 'fixed', delay: '10ms', jitter: 'none' } } }
  redrive.queue('emails', options).work(async (input, { log, message }) => {
    log(`in ${process.pid}`)
    if (input.fail) throw new Error(`no luck with ${input.to}`)
    // Until the process that has it is killed.
    if (input.hang && !message.context.leasesLost) await new Promise(() => {})
    return `sent to ${input.to}`
  })
  redrive.queue('reports', options).work(() => 'reported')
}
