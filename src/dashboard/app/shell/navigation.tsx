import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { chartLink, linkTo, route } from '../route.ts'
import { countText } from '../time/duration-text.ts'
import { homeQueue, overview } from './facts.ts'

const PAGES = [
  { part: 'queues', name: 'All queues' },
  { part: 'operations', name: 'Operations' },
  { part: 'workers', name: 'Workers' },
  { part: 'versions', name: 'Versions' },
  { part: 'health', name: 'Health' },
] as const

export function Navigation(): JSX.Element {
  const [first, second] = route.value.parts
  const queues = overview.value?.queues ?? []
  const shown = first === undefined ? homeQueue() : first === 'q' ? second : undefined
  const nav = useRef<HTMLElement>(null)
  // On a small screen the pages stand in a row that is longer than the screen.
  useEffect(() => {
    const [row, item] = [nav.current, nav.current?.querySelector<HTMLElement>('[aria-current]')]
    if (row && item) row.scrollLeft += item.getBoundingClientRect().right - row.getBoundingClientRect().right + 12
  }, [first, shown, queues.length])
  const current = (is: boolean): 'page' | undefined => (is ? 'page' : undefined)
  return (
    <nav aria-label="Pages" class="navigation" ref={nav}>
      <ul aria-label="Queues">
        {queues.map(({ name, live, paused }) => (
          <li key={name}>
            <a href={chartLink(name)} aria-current={current(shown === name)}>
              <span class="clipped">{name}</span>
              {paused && <span class="tag tone-retrying">paused</span>}
              <span class="number" title="on their way">
                {countText(live)}
              </span>
            </a>
          </li>
        ))}
      </ul>
      <ul aria-label="All">
        {PAGES.map(({ part, name }) => (
          <li key={part}>
            <a
              href={linkTo([part])}
              aria-current={current(
                first === part || (part === 'queues' && first === undefined && shown === undefined),
              )}
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
