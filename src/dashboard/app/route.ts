import { signal } from '@preact/signals'

/** Where the page is: `#/q/emails/messages?state=dead` has the parts `q`, `emails`, `messages`. */
export interface Route {
  readonly parts: readonly string[]
  readonly query: URLSearchParams
}

/**
 * Pages are named in the fragment: the server needs to know none of them, and a link holds all that a view shows.
 */
export const route = signal<Route>({ parts: [], query: new URLSearchParams() })

function read(): Route {
  const [path = '', query = ''] = location.hash.slice(1).split('?', 2)
  const parts = path.split('/').filter((part) => part !== '')
  return { parts: parts.map(decoded), query: new URLSearchParams(query) }
}

/** An address that somebody broke is shown as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function followAddress(): void {
  route.value = read()
  addEventListener('hashchange', () => {
    const before = route.value.parts.join('/')
    route.value = read()
    if (route.value.parts.join('/') !== before) scrollTo(0, 0)
  })
}

export type Values = Readonly<Record<string, string | number | null | undefined>>

/** The address of a page; empty values are left out. */
export function linkTo(parts: readonly string[], values: Values = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return `#/${parts.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}

export function go(parts: readonly string[], values?: Values): void {
  location.hash = linkTo(parts, values)
}

/** Another view of the same page: no further entry in the browser's history. */
export function replaceQuery(values: Values): void {
  history.replaceState(null, '', linkTo(route.value.parts, values))
  route.value = read()
}

export const chartLink = (queue: string): string => linkTo(['q', queue])
export const messagesLink = (queue: string, values: Values = {}): string => linkTo(['q', queue, 'messages'], values)
export const messageLink = (queue: string, id: string): string => linkTo(['q', queue, 'm', id])
