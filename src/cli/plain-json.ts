/**
 * One line of JSON for any value that a message can hold. Messages keep more than JSON does (dates, maps, big integers, cycles);
 * here it is only shown, so what JSON lacks becomes the nearest thing that it has.
 */
export function toJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(plain(value, []), undefined, indent) ?? 'null'
  // JSON lets DEL and the C1 controls through, and a terminal may obey them.
  return text.replace(/[\u007f-\u009f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`)
}

function plain(value: unknown, above: readonly object[]): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return '[Circular]'
  const path = [...above, value]
  const inside = (child: unknown): unknown => plain(child, path)
  if (Array.isArray(value)) return value.map(inside)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof RegExp || value instanceof URL) return String(value)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (value instanceof Map) return [...value].map(inside)
  if (value instanceof Set) return [...value].map(inside)
  const own = Object.entries(value)
  const facts = value instanceof Error ? [['name', value.name], ['message', value.message], ...own] : own
  return Object.fromEntries(facts.map(([key, child]) => [key, inside(child)]))
}
