/**
 * Where an actor lives within its message: the ids of its ancestors below the root, and its own; the root's path is empty. Timers
 * and invocations of the root go by XState's plain ids; those of an actor below carry its path, as `@payment/charge`.
 */
export type Path = readonly string[]

/** An actor as XState makes it, with the one that made it. */
interface Related {
  readonly id: string
  readonly _parent?: Related
}

/** The ids from the root's child down to an actor. */
export function pathOf(actor: Related): Path {
  const path: string[] = []
  // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for it
  for (let each = actor; each._parent; each = each._parent) path.unshift(each.id)
  return path
}

/** The reverse, for an actor that is no more: nothing but its place. */
export const relatedAt = (path: Path): Related =>
  path.reduce<Related>((parent, id) => ({ id, _parent: parent }), { id: '' })

const write = (path: Path): string => path.map(encodeURIComponent).join('/')
const read = (text: string): Path => (text === '' ? [] : text.split('/').map(decodeURIComponent))

/** The id of an invocation by the path of its actor. */
export function invocationId(path: Path): string {
  const [id = ''] = path
  return path.length === 1 && !id.startsWith('@') ? id : `@${write(path)}`
}

export function invocationPath(id: string): Path {
  return id.startsWith('@') ? read(id.slice(1)) : [id]
}

/** Who set a timer, and who is to hear of it: what stands before its id. Nothing for the root's own. */
export function timerPlace(source: Path, target: Path, id = ''): string {
  return source.length + target.length === 0 && !id.startsWith('@') ? '' : `@${write(source)}>${write(target)} `
}

export interface TimerAddress {
  readonly source: Path
  readonly target: Path
  readonly id: string
}

export function timerAddress(key: string): TimerAddress {
  const [, source, target = '', id = ''] = /^@([^> ]*)>([^ ]*) (.*)$/s.exec(key) ?? []
  return source === undefined ? { source: [], target: [], id: key } : { source: read(source), target: read(target), id }
}

export const samePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((id, i) => id === b[i])
