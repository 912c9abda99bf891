import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

/** A part of the page of a message, under its heading. */
export function Part({
  title,
  extra,
  children,
}: {
  title: string
  extra?: ComponentChildren
  children: ComponentChildren
}): JSX.Element {
  const heading = useId()
  return (
    <section class="panel part" aria-labelledby={heading}>
      <div class="part-head">
        <h2 id={heading}>{title}</h2>
        {extra}
      </div>
      {children}
    </section>
  )
}
