import { signal } from '@preact/signals'
import { savedToken } from './session.ts'

/** An answer that is not the one asked for: `status` 0 means that the server could not be reached. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.details = details
  }
}

export type Query = Readonly<Record<string, string | number | null | undefined>>

/** True after an answer of 401: the page asks for the token. */
export const needsToken = signal(false)

/** Relative to the page, so that the dashboard works under any path; one that ends without a slash has its folder told by the server. */
export function apiUrl(path: string, query: Query = {}): URL {
  const folder = document.querySelector<HTMLMetaElement>('meta[name="redrive-folder"]')?.content ?? './'
  const url = new URL(`${folder}api/v1/${path}`, document.baseURI)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value))
  }
  return url
}

export function authorization(): Record<string, string> {
  const token = savedToken()
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

interface Request {
  readonly query?: Query
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** @throws ApiError */
async function request<T>(method: string, path: string, { query, body, signal }: Request = {}): Promise<T> {
  const response = await reach(apiUrl(path, query), {
    method,
    headers: {
      accept: 'application/json',
      ...authorization(),
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
    },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    signal: signal ?? null,
  })
  return (await response.json()) as T
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, { ...(query ? { query } : {}), signal })

export const post = <T>(path: string, body?: unknown): Promise<T> => request<T>('POST', path, { body })

/** A response that is fine. @throws ApiError */
export async function reach(url: URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    throw new ApiError(0, 'E_UNREACHABLE', 'The dashboard’s server does not answer.')
  })
  if (response.ok) return response
  if (response.status === 401) needsToken.value = true
  throw await refusal(response)
}

async function refusal(response: Response): Promise<ApiError> {
  const { error } = (await response.json().catch(() => ({}))) as {
    error?: { code?: string; message?: string; details?: Record<string, unknown> }
  }
  const message = error?.message ?? `The server answered ${response.status}.`
  return new ApiError(response.status, error?.code ?? `HTTP_${response.status}`, message, error?.details)
}

/** An id or a name as a part of a path. */
export const part = (text: string): string => encodeURIComponent(text)

export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))
