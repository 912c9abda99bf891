export interface Difference {
  /** `address.city` */
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

/** No reader goes through more. */
const MOST = 200

/** What differs between two values, leaf by leaf. A key that one does not have is `undefined` there. */
export function differences(before: unknown, after: unknown): readonly Difference[] {
  const found: Difference[] = []
  compare('', before, after, found)
  return found
}

function compare(path: string, before: unknown, after: unknown, found: Difference[]): void {
  if (found.length >= MOST || Object.is(before, after)) return
  if (!isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after)) {
    found.push({ path, before, after })
    return
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    compare(path === '' ? key : `${path}.${key}`, own(before, key), own(after, key), found)
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const own = (object: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined
