import type { InspectTicket, SourceChart } from '../../shapes/inspect.ts'
import { apiUrl, get, part, post } from './request.ts'
import { savedToken } from './session.ts'

export type { SourceActor, SourceChart, Sources, SourceStep } from '../../shapes/inspect.ts'

/** Where inspectors connect. The token is not in it: what is shown may be copied to anywhere. */
export function inspectAddress(queue: string, id: string, role?: 'source'): string {
  const url = apiUrl('inspect', { queue, id, role })
  url.protocol = url.protocol.replace('http', 'ws')
  return url.href
}

/** Whether connections have to show a token. */
export const wantsToken = (): boolean => savedToken() !== null

/** The page that hands data on to the hosted inspector, with a ticket of its own where one is needed. @throws ApiError */
export async function hostedPage(queue: string, id: string): Promise<string> {
  const url = apiUrl('inspect/stately', { queue, id })
  if (!wantsToken()) return url.href
  const { ticket }: InspectTicket = await post(`${at(queue, id)}/inspect-ticket`)
  return `${url.href}#ticket=${ticket}`
}

const at = (queue: string, id: string): string => `queues/${part(queue)}/messages/${part(id)}`

export const sourcesUrl = (queue: string, id: string): URL => apiUrl(`${at(queue, id)}/sources`)

export const loadSourceChart = (
  queue: string,
  id: string,
  definition: string,
  signal?: AbortSignal,
): Promise<SourceChart> => get(`${at(queue, id)}/source-charts/${part(definition)}`, undefined, signal)
