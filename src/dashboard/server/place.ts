import { badRequest } from './failure.ts'

/** What a URL asks for, below the place where the dashboard is mounted. */
export type Place =
  | { readonly type: 'api'; readonly segments: readonly string[] }
  /** `below` is the folder in which a page finds its files and the API: `./`, or the last part of an address without a slash. */
  | { readonly type: 'file'; readonly path: string; readonly below: string }
  | { readonly type: 'health'; readonly which: 'healthz' | 'readyz' }

const API = '/api/v1/'

/**
 * Where the dashboard is mounted is told by `mount`, or found out: all before the last `/api/v1/`, or before the file.
 * @throws RedriveError `E_INVALID_REQUEST` for a path that cannot be decoded.
 */
export function placeOf(pathname: string, mount?: string): Place {
  const rest = mount !== undefined && isBelow(pathname, mount) ? pathname.slice(mount.length) : undefined
  const api = rest === undefined ? pathname.lastIndexOf(API) : rest.startsWith(API) ? 0 : -1
  const path = rest ?? pathname
  if (api >= 0)
    return {
      type: 'api',
      segments: path
        .slice(api + API.length)
        .split('/')
        .map(decode),
    }
  const [, folder = '', file = ''] = /^.*?\/((?:assets\/)?)([^/]*)$/.exec(path) ?? []
  if (path === '' || (rest === undefined && folder === '' && file !== '' && !isFile(file))) {
    // No redirect to the address with a slash: Next.js leads from there to the one without.
    const last = pathname.slice(pathname.lastIndexOf('/') + 1)
    return { type: 'file', path: 'index.html', below: `./${last}/` }
  }
  if (file === 'healthz' || file === 'readyz') return { type: 'health', which: file }
  return { type: 'file', path: decode(folder + file) || 'index.html', below: './' }
}

const isBelow = (pathname: string, mount: string): boolean => pathname === mount || pathname.startsWith(`${mount}/`)

const isFile = (name: string): boolean => name.includes('.') || name === 'healthz' || name === 'readyz'

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequest(`"${segment}" in the path is not encoded as a URL wants it.`)
  }
}
