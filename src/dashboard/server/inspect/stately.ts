import type { Route } from '../route.ts'

/** The inspector that is hosted by the makers of XState. It takes messages of the wire from the page that opened it. */
const HOSTED = 'https://stately.ai/inspect'

const TEXT = `What this page receives of the messages that you watch (states, context, events, errors) is then sent to a page of stately.ai.`

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Redrive: the hosted inspector</title>
<h1>Open the inspector of stately.ai</h1>
<p>${TEXT} Nothing is sent before you press the button, or after you close this page.</p>
<button>Send the data to stately.ai</button>
<p role="status">Nothing was sent.</p>
<script src="stately.js"></script>
</html>
`

/** Only the hosted page is answered, and only it is told anything. All that came is told again when it is loaded again. */
const SCRIPT = `'use strict'
const hosted = new URL('${HOSTED}')
const [, ticket] = /^#ticket=([\\w-]+)$/.exec(location.hash) ?? []
history.replaceState(null, '', location.pathname + location.search)
const [button, status] = [document.querySelector('button'), document.querySelector('[role=status]')]
button.addEventListener('click', () => {
  const told = []
  const viewer = window.open(hosted.href, 'xstateinspector')
  if (!viewer) return void (status.textContent = 'The browser did not open the window.')
  let connected = false
  const tell = (message) => viewer.postMessage(message, hosted.origin)
  addEventListener('message', ({ source, origin, data }) => {
    if (source !== viewer || origin !== hosted.origin || data?.type !== '@statelyai.connected') return
    connected = true
    told.forEach(tell)
    status.textContent = 'The inspector is connected.'
  })
  const address = new URL('../inspect' + location.search, location.href)
  address.protocol = address.protocol.replace('http', 'ws')
  if (ticket) address.searchParams.set('ticket', ticket)
  const socket = new WebSocket(address)
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data)
    if (told.push(message) > 2000) told.splice(told.findIndex(({ type }) => type !== '@xstate.actor'), 1)
    if (connected) tell(message)
  })
  socket.addEventListener('close', ({ reason }) => {
    status.textContent = 'There is no connection to Redrive any more. Open this page again, from where you opened it. ' + reason
  })
  button.disabled = true
})
`

/** A window of another site can be spoken to only by a page that does not shut itself off from it. */
const HEADERS = { 'cache-control': 'no-store', 'cross-origin-opener-policy': 'unsafe-none' }

export const statelyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: 'inspect/stately',
    action: 'page',
    summary:
      'A page that hands the stream of the inspector on to the one hosted at stately.ai, when its reader says so',
    query: { queue: 'The queue to watch', id: 'One message of it' },
    answer: { type: 'text/html' },
    handle: async () => new Response(PAGE, { headers: { ...HEADERS, 'content-type': 'text/html; charset=utf-8' } }),
  },
  {
    method: 'GET',
    path: 'inspect/stately.js',
    action: 'page',
    summary: 'The script of that page',
    answer: { type: 'text/javascript' },
    handle: async () =>
      new Response(SCRIPT, { headers: { ...HEADERS, 'content-type': 'text/javascript; charset=utf-8' } }),
  },
]
