import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { dashboard, type DashboardOptions } from '../../src/dashboard/index.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

let backend: TestBackend
beforeAll(async () => {
  backend = await inMemory()
})
afterAll(() => backend.stop())

async function visit(path: string, accept: string, options: DashboardOptions = {}, address = '127.0.0.1') {
  const { fetch } = dashboard(backend.open(), options)
  const answer = await fetch(new Request(`http://127.0.0.1${path}`, { headers: { accept } }), { address })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

describe('a refused page', () => {
  test.each([
    ['403, from another machine', '/', {}, '10.1.2.3', 403],
    ['403, by authorize', '/', { authorize: () => false }, '127.0.0.1', 403],
    ['404', '/nothing.js', {}, '127.0.0.1', 404],
  ] as const)('%s: is a small page for a browser', async (_, path, options, address, status) => {
    const page = await visit(path, BROWSER, options, address)
    expect(page.status).toBe(status)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.text).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(page.text).toMatch(/<title>.+<\/title>[^]*<main>\n<h1>.+<\/h1>/)
    expect(page.text).not.toMatch(/<script|<style|style=/)
    expect(page.text.length).toBeLessThan(1500)
  })

  test('programs, and the API in any case, get JSON', async () => {
    for (const accept of ['application/json', '*/*', '']) {
      const answer = await visit('/', accept, {}, '10.1.2.3')
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([403, { error: { code: 'E_FORBIDDEN' } }])
    }
    const answer = await visit('/api/v1/overview', BROWSER, { token: 'x'.repeat(32) })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'E_UNAUTHORIZED' } })
  })

  test('nothing of the request becomes markup', async () => {
    const { text } = await visit('/', BROWSER, {
      authorize: () => {
        throw new Error('<script>alert(1)</script>')
      },
    })
    expect(text).not.toContain('<script')
  })
})
