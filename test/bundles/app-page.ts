import { expect } from '@jest/globals'

/** The page of a dashboard, a script of it, its figures, and a chart that a thread draws. `address` has no slash at its end. */
export async function expectDashboard(
  address: string,
  queue: string,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const each of [address, `${address}/`]) {
    const page = await fetch(each)
    const text = await page.text()
    expect([page.status, text.slice(0, 15)]).toEqual([200, '<!doctype html>'])
    // The address after redirects is the one against which a browser resolves.
    const [, folder = ''] = /name="redrive-folder" content="([^"]+)"/.exec(text) ?? []
    expect(new URL(folder, page.url).href).toBe(`${address}/`)
    const [, script = ''] = /src="([^"]+)"/.exec(text) ?? []
    const loaded = await fetch(new URL(script, page.url))
    expect([loaded.status, loaded.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
  }
  const ask = async (path: string): Promise<unknown> => (await fetch(`${address}/api/v1/${path}`, { headers })).json()
  expect(await ask('overview')).toMatchObject({ redis: { up: true }, queues: [{ name: queue }] })
  expect(await ask(`queues/${queue}/chart`)).toMatchObject({ layout: { width: expect.any(Number) } })
}
