import type { StateValue } from 'xstate'
import { decode, encode } from '../codec.ts'
import { RedriveError } from '../errors.ts'
import { encodeError } from './storable.ts'

/** The actors below one, by their ids, as XState persists them. */
export type StoredActors = Readonly<Record<string, StoredActor>>

interface StoredActor {
  readonly src: string
  readonly systemId?: string
  readonly syncSnapshot?: boolean
  readonly snapshot: {
    readonly status: string
    readonly error?: unknown
    /** Only a machine has these three. */
    readonly context?: unknown
    readonly value?: StateValue
    readonly children?: StoredActors
  }
}

/**
 * What is left of an actor in a context and names no child is one that the message does not hold: it would come back as nothing.
 * @throws RedriveError `E_UNSERIALIZABLE` with the path of a reference to such a one.
 */
export function refuseLostReferences(context: unknown, children: StoredActors, path = 'context'): void {
  if (typeof context !== 'object' || context === null) return
  if ('xstate$$type' in context && 'id' in context) {
    if (Object.hasOwn(children, String(context.id))) return
    const text = `${path} refers to an actor that this message does not hold, or no more, and could not find it again. Take the reference out, or keep what names it.`
    throw new RedriveError('E_UNSERIALIZABLE', text, { path })
  }
  if (!Array.isArray(context) && Object.getPrototypeOf(context) !== Object.prototype) return
  for (const [key, value] of Object.entries(context)) refuseLostReferences(value, children, `${path}.${key}`)
}

/** What XState's persisted actors say, without what they leave unsaid. @throws RedriveError `E_UNSERIALIZABLE` with the path of the value. */
export const writeActors = (actors: StoredActors): string => encode(spare(actors), 'actors')

export const readActors = (text: string): StoredActors => decode(text) as StoredActors

function spare(actors: StoredActors): StoredActors {
  const entries = Object.entries(actors).map(
    ([id, { src, systemId, syncSnapshot, snapshot }]): [string, StoredActor] => [
      id,
      {
        src,
        ...(systemId === undefined ? {} : { systemId }),
        ...(syncSnapshot ? { syncSnapshot } : {}),
        snapshot: spareSnapshot(snapshot),
      },
    ],
  )
  return Object.fromEntries(entries)
}

function spareSnapshot(snapshot: StoredActor['snapshot']): StoredActor['snapshot'] {
  if (snapshot.children && snapshot.status === 'active') refuseLostReferences(snapshot.context, snapshot.children)
  const said = Object.fromEntries(Object.entries(snapshot).filter(([, value]) => value !== undefined))
  return {
    ...(said as unknown as StoredActor['snapshot']),
    ...(snapshot.error === undefined ? {} : { error: decode(encodeError(snapshot.error)) }),
    ...(snapshot.children === undefined ? {} : { children: spare(snapshot.children) }),
  }
}
