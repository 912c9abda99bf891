import { RedriveError } from '../../../errors.ts'

/**
 * Refuses what a page of another site makes a browser send. Browsers say so with `Sec-Fetch-Site`; older ones send `Origin` with
 * whatever is not a plain link. A program that is no browser sends neither, and has nobody's cookies to abuse.
 * @throws RedriveError `E_FORBIDDEN`
 */
export function checkSameSite({ headers, url }: Request): void {
  const site = headers.get('sec-fetch-site')
  if (site !== null ? site === 'same-origin' || site === 'none' : isSameOrigin(headers, url)) return
  throw new RedriveError('E_FORBIDDEN', 'this was sent by a page of another site. Open the dashboard itself.', {
    site: site ?? 'unknown',
  })
}

function isSameOrigin(headers: Headers, url: string): boolean {
  const origin = headers.get('origin')
  if (origin === null) return true
  if (!URL.canParse(origin)) return false
  // By name and port alone: a proxy in front may speak TLS, which is not to be seen here.
  return new URL(origin).host === (headers.get('host') ?? new URL(url).host)
}
