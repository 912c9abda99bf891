import { decode, encode } from '../codec.ts'
import type { Fields } from '../store/store.ts'
import { partOf } from '../unreadable.ts'
import { markText, readMark } from './lease-mark.ts'

/** An actor that the machine invoked and a handler runs. */
export interface Invocation {
  readonly nonce: string
  readonly id: string
  readonly src: string
  readonly input: unknown
  /** `false` after an orderly hand-back: the next worker runs it again, without a step of the machine. */
  readonly running: boolean
  /** Workers that were lost while they ran it. Absent: none. */
  readonly leasesLost?: number
}

/**
 * Leases lost and a slash where there were any, running or not, and the id; then source and input, by lines. An input that is the
 * message's own, or a part of it, is stored as a reference.
 */
export function invocationText({ running, id, src, input, leasesLost }: Invocation, root: unknown): string {
  return [`${markText(leasesLost)}${running ? '+' : '-'}${id}`, src, inputText(input, root)].join('\n')
}

/** @param letter with which the fields of invocations begin */
export function restoreInvocations(fields: Fields, letter: string, root: unknown): Map<string, Invocation> {
  const invocations = new Map<string, Invocation>()
  for (const [field, text] of Object.entries(fields)) {
    if (!field.startsWith(letter)) continue
    const [head = '', src = '', ...rest] = text.split('\n')
    const { leasesLost, running, name } = readMark(head)
    const [nonce, id] = [field.slice(1), running ? name : name.slice(1)]
    invocations.set(id, {
      nonce,
      id,
      src,
      running,
      input: restoreInput(rest.join('\n'), root),
      ...(leasesLost === 0 ? {} : { leasesLost }),
    })
  }
  return invocations
}

function inputText(input: unknown, root: unknown): string {
  if (input === undefined) return ''
  if (input === root) return '='
  const key =
    isRecord(root) && isRecord(input)
      ? Object.keys(root).find((name) => root[name] === input && isReference(name))
      : undefined
  return key === undefined ? `:${encode(input, 'input of an invocation')}` : `=${key}`
}

function restoreInput(text: string, root: unknown): unknown {
  if (text === '') return undefined
  if (text === '=') return root
  return text.startsWith('=') ? partOf(root, text.slice(1)) : decode(text.slice(1))
}

/** No text can refer to a key of no characters, or of half a character. */
export const isReference = (key: string): boolean => /^[^\p{Surrogate}]+$/u.test(key)

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
