import type { StandardSchemaV1 } from '@standard-schema/spec'
import { encode } from '../codec.ts'
import { RedriveError, type ErrorCode } from '../errors.ts'

/** Zod, Valibot, ArkType, or anything else that follows Standard Schema (standardschema.dev). */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/**
 * Checks a value by a schema, and returns what the schema made of it (defaults filled in, text trimmed).
 * @throws RedriveError with the schema's path and message of every issue.
 */
export async function validate<Output>(
  // oxlint-disable-next-line typescript/no-explicit-any -- it tells itself whether it takes the value
  schema: Schema<any, Output> | undefined,
  value: unknown,
  code: ErrorCode,
  what: string,
): Promise<Output> {
  if (!schema) return value as Output
  const result = await schema['~standard'].validate(value)
  if (!result.issues) return result.value
  const issues = result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }))
  const text = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')
  throw new RedriveError(code, `${what} is not valid: ${text}`, {
    issues,
    ...(issues[0]?.path ? { path: issues[0].path } : {}),
  })
}

function pathOf({ path = [] }: StandardSchemaV1.Issue): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}

/**
 * The text of a message's input.
 * @throws RedriveError `E_UNSERIALIZABLE`, `E_PAYLOAD_TOO_LARGE`
 */
export function inputText(input: unknown, maxBytes: number): string {
  const text = encode(input, 'input')
  const size = text.length > maxBytes ? text.length : Buffer.byteLength(text)
  if (size <= maxBytes) return text
  throw new RedriveError(
    'E_PAYLOAD_TOO_LARGE',
    `the input takes ${size} bytes, the limit of this queue is ${maxBytes}. Store the data elsewhere and send a reference, or raise maxPayloadBytes.`,
    { size, limit: maxBytes },
  )
}
