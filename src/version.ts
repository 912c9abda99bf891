import { createRequire } from 'node:module'

/** The version of this package. In dist/ it is written into the code: a bundle has no `package.json` beside it. */
export const { version: VERSION } = createRequire(import.meta.url)('redrive/package.json') as { version: string }
