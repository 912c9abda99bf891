import { decode, encode } from '../codec.ts'
import type { ContextChanges } from '../message.ts'
import { partOf } from '../unreadable.ts'

export type Context = Readonly<Record<string, unknown>>

/** Of names in a line; a context of more members is one of a map that should be one member. */
const NAMES = 50

/**
 * The changes between two contexts as text, at most about `most` bytes; empty where nothing changed, and `undefined` where the journal keeps
 * no contexts. They are told by identity, for a machine makes a new value of whatever it changes. A member that is the very one of the
 * input is only named, as it is in the stored context.
 */
export function changesText(
  before: Context,
  after: Context,
  input: unknown,
  most: number | undefined,
): string | undefined {
  if (most === undefined) return undefined
  const [shared, truncated]: string[][] = [[], []]
  const set: Record<string, unknown> = {}
  let left = most
  for (const [name, value] of Object.entries(after)) {
    if (Object.hasOwn(before, name) && Object.is(before[name], value)) continue
    if (isShared(input, name, value)) {
      shared!.push(name)
      continue
    }
    const size = sizeOf(name, value)
    if (size > left) truncated!.push(name)
    else {
      set[name] = value
      left -= size
    }
  }
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name))
  const names = [removed, shared!, truncated!].map((list) => list.slice(0, NAMES))
  if (Object.keys(set).length === 0 && names.every((list) => list.length === 0)) return ''
  return `${JSON.stringify(names)}\n${encode(set, 'context')}`
}

const isShared = (input: unknown, name: string, value: unknown): boolean =>
  typeof value === 'object' && value !== null && isRecord(input) && Object.hasOwn(input, name) && input[name] === value

/** What cannot be stored has no size; the commit that it belongs to will say so. */
function sizeOf(name: string, value: unknown): number {
  try {
    return Buffer.byteLength(name) + Buffer.byteLength(encode(value, 'context')) + 6
  } catch {
    return Infinity
  }
}

/** @throws when the text was not written by `changesText` */
export function readChanges(text: string, input: unknown): ContextChanges {
  if (text === '') return { set: {}, removed: [], truncated: [] }
  const line = text.indexOf('\n')
  const [removed, shared, truncated] = JSON.parse(text.slice(0, line)) as [string[], string[], string[]]
  const set = decode(text.slice(line + 1)) as Record<string, unknown>
  const handed = isRecord(input) ? shared.map((name) => [name, partOf(input, name)] as const) : []
  return { set: { ...set, ...Object.fromEntries(handed) }, removed, truncated }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
