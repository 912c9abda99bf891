import type { StateValue } from 'xstate'
import { decode, encode } from '../codec.ts'
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
    /** Only a machine has these two. */
    readonly value?: StateValue
    readonly children?: StoredActors
  }
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
  const said = Object.fromEntries(Object.entries(snapshot).filter(([, value]) => value !== undefined))
  return {
    ...(said as unknown as StoredActor['snapshot']),
    ...(snapshot.error === undefined ? {} : { error: decode(encodeError(snapshot.error)) }),
    ...(snapshot.children === undefined ? {} : { children: spare(snapshot.children) }),
  }
}
