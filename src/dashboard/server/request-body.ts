import { RedriveError } from '../../errors.ts'
import { badRequest } from './failure.ts'
import type { Visit } from './visit.ts'

/** Largest body, in bytes. */
const MAX_BODY = 1024 * 1024

/**
 * The JSON object that a request carries.
 * @throws RedriveError `E_INVALID_REQUEST`, `E_PAYLOAD_TOO_LARGE`
 */
export async function requestBody({ request, body }: Visit): Promise<Readonly<Record<string, unknown>>> {
  checkType(request.headers)
  const value = isParsed(body) ? body : parse(await textOf(request, body))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw badRequest('the body must be a JSON object.')
}

/** Only this type, because a page of another site cannot send it without asking first. Where no body is wanted there need be none. */
export function checkType(headers: Headers, { required = true } = {}): void {
  const type = headers.get('content-type')
  if (type === null && !required) return
  if (/^application\/json\s*(;|$)/i.test(type ?? '')) return
  throw badRequest('send the body as JSON, with "content-type: application/json".', 415, { type: type ?? 'none' })
}

/** What a parser of the framework made of it; text and bytes are as they came. */
const isParsed = (body: unknown): boolean =>
  body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof Uint8Array)

async function textOf(request: Request, given: unknown): Promise<string> {
  if (typeof given === 'string') return given
  const bytes = given instanceof Uint8Array ? bounded(given) : await bytesOf(request)
  try {
    // It leaves a mark of the byte order out.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badRequest('the body is not UTF-8, as JSON is.')
  }
}

async function bytesOf(request: Request): Promise<Uint8Array> {
  if (request.bodyUsed || request.body?.locked === true) throw alreadyRead()
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') throw badRequest(`send the body as it is, and not as ${encoding}.`, 415, { encoding })
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_BODY) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function bounded(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_BODY) throw tooLarge()
  return bytes
}

/** A fault of the server around the dashboard; its log is to say so. */
export const alreadyRead = (): RedriveError =>
  badRequest(
    'the body was read before the dashboard got the request, and is not beside it. docs/guides/dashboard.md#in-your-own-server shows how to hand it on.',
    500,
  )

const tooLarge = (): RedriveError =>
  new RedriveError('E_PAYLOAD_TOO_LARGE', `a request may have ${MAX_BODY} bytes. Send fewer messages at a time.`, {
    limit: MAX_BODY,
  })

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as SyntaxError).message}`)
  }
}
