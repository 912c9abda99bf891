import { readFileSync } from 'node:fs'

/** The app that was built last is the one in dist/. */
const APP = new URL('../../../dist/src/dashboard/app/', import.meta.url)

/**
 * A file of the built pages. In dist/ they are written into this module: a bundle has no files beside it.
 * @param path a name, or a name in `assets/`
 */
export function appFile(path: string): Buffer | undefined {
  try {
    return readFileSync(new URL(path, APP))
  } catch {
    return undefined
  }
}
