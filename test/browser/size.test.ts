import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from '@jest/globals'

const APP = join(process.cwd(), 'dist/src/dashboard/app')
const BUDGET = 60_000

let page: string
beforeAll(() => {
  page = readFileSync(join(APP, 'index.html'), 'utf8')
})

const gzipped = (path: string): number => gzipSync(readFileSync(join(APP, path)), { level: 9 }).length

test(`the first load is less than ${BUDGET} bytes of script, gzipped, and so is all script together`, () => {
  const first = [...page.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map(([, path]) => path!)
  expect(first.length).toBeGreaterThan(0)
  const sizes = first.map(gzipped)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(BUDGET)
  const all = readdirSync(join(APP, 'assets')).filter((name) => name.endsWith('.js'))
  expect(all.map((name) => gzipped(join('assets', name))).reduce((sum, size) => sum + size, 0)).toBeLessThan(
    BUDGET * 1.5,
  )
})

test('nothing is inline and every address is relative: the policy and any mount path hold', () => {
  expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/)
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=/)
  const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!)
  expect(addresses.filter((address) => !address.startsWith('./'))).toEqual([])
})

test('the licences of what is bundled are with it', () => {
  const licences = readFileSync(join(APP, 'assets/licenses.md'), 'utf8')
  for (const name of ['preact', 'uplot']) expect(licences.toLowerCase()).toContain(name)
})
