// Draws the machines into the pages that show them. A test fails when a page has another picture than the machine.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Pages, and the name under which the machine of each is exported. */
export const PAGES = Object.freeze({
  'README.md': 'messageMachine',
  'docs/lifecycle.md': 'messageMachine',
  'docs/guides/workflows/approval.md': 'approval',
  'docs/guides/workflows/batch.md': 'batch',
  'docs/guides/workflows/dunning.md': 'dunning',
  'docs/guides/workflows/order-saga.md': 'orderSaga',
  'docs/guides/workflows/polling.md': 'polling',
  'docs/guides/workflows/webhook.md': 'webhook',
})

const BEGIN = '<!-- diagram:begin -->'
const END = '<!-- diagram:end -->'

/**
 * @param {string} text a page
 * @param {string} diagram a Mermaid diagram
 * @returns the page with the diagram between its marks
 */
export function withDiagram(text, diagram) {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`the page has no ${BEGIN} … ${END}`)
  return `${text.slice(0, begin + BEGIN.length)}\n\n\`\`\`mermaid\n${diagram}\n\`\`\`\n\n${text.slice(end)}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { toMermaid } = await import('../dist/src/inspect/mermaid.js')
  const machines = {
    ...(await import('../dist/machines/index.js')),
    ...(await import('../dist/machines/examples/index.js')),
  }
  for (const [page, machine] of Object.entries(PAGES)) {
    const path = new URL(`../${page}`, import.meta.url)
    writeFileSync(path, withDiagram(readFileSync(path, 'utf8'), toMermaid(machines[machine])))
  }
}
