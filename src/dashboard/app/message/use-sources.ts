import { useEffect, useState } from 'preact/hooks'
import { sourcesUrl, type SourceActor, type Sources } from '../api/inspect.ts'
import { followStream } from '../live/follow-stream.ts'

const NOBODY: readonly SourceActor[] = []

/** Actors that run in somebody's own program, and are shown beside a message. */
export function useSources(queue: string, id: string): readonly SourceActor[] {
  const key = JSON.stringify([queue, id])
  const [heard, setHeard] = useState({ key, actors: NOBODY })
  useEffect(
    () =>
      followStream(sourcesUrl(queue, id), {
        hear: ({ type, data }) => {
          if (type === 'sources') setHeard({ key, actors: (data as Sources).actors })
        },
      }),
    [key],
  )
  return heard.key === key ? heard.actors : NOBODY
}
