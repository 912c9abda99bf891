/** A wait that a deadline or a second call can end. */
export function createImpatience(): { readonly lost: Promise<void>; lose(): void } {
  let lose = (): void => {}
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })
  return { lost, lose }
}
