/**
 * esbuild leaves `require('events')` of a CommonJS package as it is when it makes an ES module, and asks for a global `require` when that
 * runs. There is none in an ES module, so it is lent while such a package is loaded: only for modules of Node, and only where there is none.
 */
const place = globalThis as { require?: unknown }

function requireBuiltin(name: string): unknown {
  const found: unknown = process.getBuiltinModule(name)
  if (found === undefined) throw new Error(`Cannot find module '${name}'`)
  return found
}

let loans = 0

/** Lends it until the answer is called. */
export function lendRequire(): () => void {
  place.require ??= requireBuiltin
  loans++
  return () => {
    if (--loans === 0 && place.require === requireBuiltin) delete place.require
  }
}

/** Loads a CommonJS package when it is needed. */
export async function loadWithRequire<T>(load: () => Promise<T>): Promise<T> {
  const giveBack = lendRequire()
  try {
    return await load()
  } finally {
    giveBack()
  }
}
