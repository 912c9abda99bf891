import type { StateValue } from 'xstate'

/**
 * Name of a state value: the leaf path (`review.waiting`), those of parallel regions joined in document order
 * (`billing.due+shipping.packed`). It names the sorted set of the state, and the value can be read back from it.
 */
export function stateName(value: StateValue): string {
  return leaves(value).join('+') || STATELESS
}

/** The name for a machine that has no states, and is just there. */
const STATELESS = '~machine'

function leaves(value: StateValue): string[] {
  if (typeof value === 'string') return [escape(value)]
  return Object.entries(value).flatMap(([key, child]) => {
    if (child === undefined) return []
    const below = leaves(child)
    // A parallel region that is atomic has the empty value.
    return below.length === 0 ? [escape(key)] : below.map((leaf) => `${escape(key)}.${leaf}`)
  })
}

/** The state value of a name, the inverse of `stateName`. */
export function stateValue(name: string): StateValue {
  if (name === STATELESS) return {}
  const root: Tree = new Map()
  for (const leaf of name.split('+')) insert(root, leaf.split('.').map(unescape))
  return simplify(root)
}

/** A map, because a name may come from elsewhere: `constructor` and `__proto__` are keys like any others. */
type Tree = Map<string, Tree>

function insert(node: Tree, [key, ...rest]: string[]): void {
  if (key === undefined) return
  const child: Tree = node.get(key) ?? new Map()
  node.set(key, child)
  insert(child, rest)
}

/** `{ a: { b: {} } }` is written `{ a: 'b' }` by XState; several keys, or one with children, stay an object. */
function simplify(node: Tree): StateValue {
  const [only] = [...node.keys()]
  if (only !== undefined && node.size === 1 && node.get(only)!.size === 0) return only
  return Object.fromEntries([...node].map(([key, child]) => [key, child.size === 0 ? {} : simplify(child)]))
}

/** State keys may hold any character; those that mean something in a name (or begin one that is ours) are escaped. */
// oxlint-disable-next-line no-control-regex -- a control character in a key would break the lines of the journal
const escape = (key: string): string => key.replace(/[%.+~{}\u0000-\u0020]/g, (character) => encodeHex(character))
const encodeHex = (character: string): string => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
const unescape = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
