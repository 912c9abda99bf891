import { readFileSync } from 'node:fs'

/**
 * The text of a script of `lua/`; its shebang declares whether it may run on a server that is out of memory.
 * In dist/ the texts are written into this module: a bundle has no files beside it.
 */
export const scriptSource = (name: string): string => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8')
