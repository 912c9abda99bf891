import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The program of ELK as text, a CommonJS module. In dist/ it is written into this module, so that nobody installs the package. */
export const elkSource = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js'), 'utf8')
