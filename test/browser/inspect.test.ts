import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createWebSocketInspector } from '@statelyai/inspect'
import { assign, createActor, setup } from 'xstate'
import { dashboard, type DashboardOptions } from '../../src/dashboard/index.ts'
import type { Redrive } from '../../src/index.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'
import { seriousFindings } from './axe.ts'
import { openBrowser, picture, type TestBrowser } from './browser.ts'

const TOKEN = 'a token of this test'.replaceAll(' ', '-')

const parcel = setup({
  types: { context: {} as { stops: string[] }, events: {} as { type: 'SCAN'; place: string } | { type: 'HANDOVER' } },
}).createMachine({
  id: 'parcel',
  context: { stops: [] },
  initial: 'sorting',
  states: {
    sorting: {
      on: {
        SCAN: {
          target: 'travelling',
          actions: assign({ stops: ({ context, event }) => [...context.stops, event.place] }),
        },
      },
    },
    travelling: { on: { SCAN: 'sorting', HANDOVER: 'delivered' }, after: { 86_400_000: 'sorting' } },
    delivered: { type: 'final' },
  },
})

let backend: TestBackend
let redrive: Redrive
let browser: TestBrowser | undefined
let server: Server | undefined
let stop = (): void => {}
const upgraded = new Set<Duplex>()

beforeAll(async () => {
  backend = await inMemory()
  redrive = backend.open()
  await redrive.queue('parcels', { machine: parcel }).send({}, { id: 'p-1' })
  browser = await openBrowser()
})
afterEach(async () => {
  stop()
  stop = () => {}
  const closed = server && new Promise((resolve) => server?.close(resolve))
  server?.closeAllConnections()
  for (const socket of upgraded) socket.destroy()
  await closed
})
afterAll(async () => {
  await browser?.close()
  await backend.stop()
})

/** Below a path, as it is mounted in somebody's own server. Returns `http://…/admin/queues/`. */
async function open(options: DashboardOptions = {}): Promise<string> {
  const { node, upgrade } = dashboard(redrive, { ...options, basePath: '/admin/queues' })
  const made = createServer((request, response) => void node(request, response))
  made.on('upgrade', (request, socket, head) => {
    upgraded.add(socket)
    void upgrade(request, socket, head)
  })
  await new Promise<void>((resolve) => void made.listen(0, '127.0.0.1', resolve))
  server = made
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/admin/queues/`
}

test('an ordinary actor is seen beside its durable twin, on a chart of its own, step by step', async () => {
  const url = await open()
  const page = await browser!.open(`${url}#/q/parcels/m/p-1`)
  await page.getByRole('button', { name: 'Inspect…' }).click()
  const lines = await page.getByLabel('Lines for your program', { exact: true }).inputValue()
  const [, address] = /url: '(ws:\/\/[^']+)'/.exec(lines) ?? []
  expect(address).toBe(
    `${url.replace('http', 'ws')}api/v1/inspect?${String(new URLSearchParams({ queue: 'parcels', id: 'p-1', role: 'source' }))}`,
  )
  expect(await seriousFindings(page)).toEqual([])
  await picture(page, 'inspect-dialog')
  await page.keyboard.press('Escape')

  const inspector = createWebSocketInspector({ url: address! })
  const actor = createActor(parcel, { inspect: inspector.inspect, id: 'my parcel' })
  stop = () => {
    actor.stop()
    inspector.stop()
  }
  actor.start()
  const twin = page.getByRole('region', { name: /^Actor elsewhere/ })
  await twin.locator('.is-lit[data-state="sorting"]').waitFor()
  actor.send({ type: 'SCAN', place: 'Bremen' })
  await twin.locator('.is-lit[data-state="travelling"]').waitFor()
  await twin.locator('.edge.is-lit[data-from="sorting"][data-to="travelling"]').waitFor({ state: 'attached' })
  await twin.locator('ins', { hasText: 'Bremen' }).waitFor()
  // The message itself has not moved: it was another one that was scanned.
  await page.locator('.message-chart .is-lit[data-state="sorting"]').waitFor()
  await picture(page, 'inspect-twin')

  actor.send({ type: 'HANDOVER' })
  await twin.locator('.is-lit[data-state="delivered"]').waitFor()
  await twin.getByRole('button', { name: /SCAN/ }).click()
  await twin.locator('.is-lit[data-state="travelling"]').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  inspector.stop()
  await twin.getByText('its program is gone').waitFor()
  expect(browser!.complaints).toEqual([])
})

/** As the hosted page does: it says that it is there, and shows what it is told. */
const HOSTED = `<ol></ol><script>
addEventListener('message', ({ data }) => document.querySelector('ol').append(Object.assign(document.createElement('li'), { textContent: data.type + ' ' + data.sessionId })))
opener.postMessage({ type: '@statelyai.connected' }, '*')
</script>`

test('where a token is wanted, the hosted inspector is opened by a ticket, and the token is in no address', async () => {
  const url = await open({ token: TOKEN })
  const page = await browser!.open(`${url}#token=${TOKEN}`)
  await page
    .context()
    .route('https://stately.ai/**', (route) => route.fulfill({ contentType: 'text/html', body: HOSTED }))
  const addresses: string[] = []
  page.context().on('request', (request) => addresses.push(request.url()))
  await page.goto(`${url}#/q/parcels/m/p-1`)
  await page.getByRole('button', { name: 'Inspect…' }).click()
  await page.getByText('Add &token= and your token').waitFor()
  expect(await page.getByLabel('Address for inspectors', { exact: true }).inputValue()).not.toContain(TOKEN)
  const [handing] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('button', { name: /Open the page that hands it on/ }).click(),
  ])
  await handing.getByText('Nothing was sent.').waitFor()
  const [hosted] = await Promise.all([handing.waitForEvent('popup'), handing.getByRole('button').click()])
  await hosted.getByText('@xstate.actor parcels/p-1').waitFor()
  expect(addresses.filter((each) => each.includes(TOKEN))).toEqual([])
  expect(browser!.complaints).toEqual([])
})
