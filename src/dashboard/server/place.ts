import { badRequest } from './failure.ts'

/** What a URL asks for, below the place where the dashboard is mounted. */
export type Place =
  | { readonly type: 'api'; readonly segments: readonly string[] }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'health'; readonly which: 'healthz' | 'readyz' }
  /** The mount path without its slash: links of the page are relative, so it must end with one. */
  | { readonly type: 'redirect'; readonly to: string }

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
    const last = pathname.slice(pathname.lastIndexOf('/') + 1)
    return { type: 'redirect', to: `./${last}/` }
  }
  if (file === 'healthz' || file === 'readyz') return { type: 'health', which: file }
  return { type: 'file', path: decode(folder + file) || 'index.html' }
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
