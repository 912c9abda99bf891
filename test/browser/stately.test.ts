import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startDashboard, type Standalone } from '../../src/dashboard/server/standalone.ts'
import type { Redrive } from '../../src/index.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'
import { openBrowser, type TestBrowser } from './browser.ts'

let backend: TestBackend
let redrive: Redrive
let standalone: Standalone | undefined
let browser: TestBrowser | undefined

beforeAll(async () => {
  backend = await inMemory()
  redrive = backend.open()
  standalone = await startDashboard(redrive, { port: 0 })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await standalone?.close()
  await backend.stop()
})

/** As the hosted page does: it says that it is there, and shows what it is told. */
const HOSTED = `<ol></ol><script>
addEventListener('message', ({ data }) => document.querySelector('ol').append(Object.assign(document.createElement('li'), { textContent: data.type + ' ' + data.sessionId })))
opener.postMessage({ type: '@statelyai.connected' }, '*')
</script>`

test('the hosted inspector is opened and told of messages only when its reader presses the button', async () => {
  const emails = redrive.queue('emails')
  await emails.send({}, { id: 'e1', delay: '1h' })
  const page = await browser!.open(`${standalone!.link}api/v1/inspect/stately?queue=emails&id=e1`)
  await page
    .context()
    .route('https://stately.ai/**', (route) => route.fulfill({ contentType: 'text/html', body: HOSTED }))
  await page.getByText('Nothing was sent.').waitFor()
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button').click()])
  await popup.getByText('@xstate.actor emails/e1').waitFor()
  await page.getByText('The inspector is connected.').waitFor()
  expect(popup.url()).toBe('https://stately.ai/inspect')
  expect(browser!.complaints).toEqual([])
})
