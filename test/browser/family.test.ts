import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { gate, until } from '../support/backends.ts'
import { parentOf } from '../machine-queues/talking-machines.ts'
import { seriousFindings } from './axe.ts'
import { picture } from './browser.ts'
import { openBoard, type Board } from './board.ts'

let board: Board
beforeAll(async () => {
  board = await openBoard()
})
afterAll(async () => {
  await board?.close()
})

test('a message that started others shows how each of them is, and leads there and back', async () => {
  const { redrive, browser, at } = board
  const shut = gate()
  const batches = redrive.queue('batches', { machine: parentOf({ failed: 'report' }, 'batch') })
  const letters = redrive.queue('letters', { retry: { attempts: 1 } })
  letters.work(async ({ fate }: { fate: string }) => {
    if (fate === 'fails') throw new Error('no such address')
    if (fate === 'waits') await shut.opened
  })
  batches.work()
  const child = (id: string) => ({ queue: 'letters', id, input: { fate: id } })
  await batches.send({ children: [child('goes'), child('fails'), child('waits')] }, { id: 'b-1' })
  await until(async () => (await batches.get('b-1'))?.joins?.[0]?.children.filter(({ status }) => status).length === 2)

  const page = await browser.open(at('q/batches/m/b-1'))
  const now = page.getByRole('region', { name: 'Now' })
  await now.getByText('2 of 3 ended; the first failure is told at once').waitFor()
  const rows = now.locator('.children li')
  expect(await rows.allTextContents()).toEqual([
    'letters / fails failed',
    'letters / waits going on',
    'letters / goes done',
  ])
  expect(await seriousFindings(page)).toEqual([])
  await picture(page, 'family')
  shut.open()
  await now.getByText('3 of 3 ended, and it is over').waitFor()

  await now.getByRole('link', { name: 'letters / fails' }).click()
  await page.getByRole('heading', { name: 'fails', level: 1 }).waitFor()
  await page.getByText('no such address').first().waitFor()
  await page.getByRole('region', { name: 'Now' }).getByRole('link', { name: 'batches / b-1' }).click()
  await page.getByRole('heading', { name: 'b-1', level: 1 }).waitFor()
  expect(browser.complaints).toEqual([])
})
