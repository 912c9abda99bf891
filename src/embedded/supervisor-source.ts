import { readFileSync } from 'node:fs'

/** The program of the supervisor as text. In dist/ it is written into this module: a bundle has no files beside it. */
export const supervisorSource = (): string => readFileSync(new URL('supervisor.mjs', import.meta.url), 'utf8')
