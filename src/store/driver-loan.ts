import { lendRequire } from '../lent-require.ts'

/** Imported before the driver, since a module can do nothing before its own imports have run. */
export const giveBack = lendRequire()
