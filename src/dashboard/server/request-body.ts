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
  if (given instanceof Uint8Array) return new TextDecoder().decode(bounded(given))
  if (typeof given === 'string') return given
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_BODY) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function bounded(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_BODY) throw tooLarge()
  return bytes
}

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
