import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { go } from '../route.ts'

/** Finds messages of all queues by their id, or its beginning. */
export function SearchBox(): JSX.Element {
  const field = useRef<HTMLInputElement>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    const id = field.current?.value.trim() ?? ''
    if (id !== '') go(['search'], { id })
  }
  return (
    <form role="search" class="search" onSubmit={submit}>
      <label class="visually-hidden" for="search">
        Find a message by id
      </label>
      <input ref={field} id="search" type="search" placeholder="Find by id" autocomplete="off" spellcheck={false} />
    </form>
  )
}
