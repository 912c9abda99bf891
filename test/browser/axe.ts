import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * What axe finds that is serious or worse, as sentences. It is put into the page by the debugger's wire, so that the page keeps its
 * content security policy.
 */
export async function seriousFindings(page: Page): Promise<string[]> {
  const wire = await page.context().newCDPSession(page)
  try {
    await wire.send('Runtime.evaluate', { expression: SOURCE })
    const { result } = await wire.send('Runtime.evaluate', {
      expression: `axe.run(document, { resultTypes: ['violations'] })`,
      awaitPromise: true,
      returnByValue: true,
    })
    const { violations } = result.value as AxeResults
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')}. ${failureSummary}`),
      )
  } finally {
    await wire.detach()
  }
}
