import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { MUTANTS } from '../../scripts/chaos/mutants.mjs'

/** Of the build for a run, of the sources for a file of tests. */
const textOf = (file: string, test: string | undefined): string =>
  readFileSync(new URL(`../../${test === undefined ? 'dist/' : ''}${file}`, import.meta.url), 'utf8')

// They are tried by `npm run chaos:mutants`, which takes long: that a line is not there any more must come to light before.
test.each(MUTANTS)('the breakage "without $without" has its line to break', ({ patches, test: file }) => {
  for (const [path, find] of patches)
    expect({ path, find, times: textOf(path, file).split(find).length - 1 }).toMatchObject({ times: 1 })
})
