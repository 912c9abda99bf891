import { NonRetryableError, RetryableError } from '../../dist/src/index.js'

/**
 * Delivers a webhook: this is all that the user of a queue would write.
 * @param {string} url
 * @param {string} worker
 * @returns {import('../../dist/src/index.js').Handler}
 */
export function webhookHandler(url, worker) {
  return async ({ event, payload }, { signal, message }) => {
    const response = await post(url, payload, signal, {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': message.id,
      'x-worker': worker,
    })
    if (response.ok) return { status: response.status, delivery: Number(response.headers.get('x-delivery')) }
    throw refusal(response)
  }
}

async function post(url, payload, signal, headers) {
  try {
    const response = await fetch(url, { method: 'POST', signal, headers, body: JSON.stringify(payload) })
    await response.arrayBuffer()
    return response
  } catch (error) {
    if (signal.aborted) throw error
    // "fetch failed" tells nobody anything; the cause does.
    throw new Error(`no answer: ${error.cause?.code ?? error.message}`, { cause: error })
  }
}

function refusal({ status, headers }) {
  const text = `the receiver answered ${status}`
  if (status === 429 || status === 503) {
    const seconds = headers.get('retry-after')
    return new RetryableError(text, seconds === null ? {} : { retryAfter: Number(seconds) * 1000 })
  }
  return status < 500 ? new NonRetryableError(text) : new Error(text)
}
