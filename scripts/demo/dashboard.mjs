import { startDashboard } from '../../dist/src/dashboard/server/standalone.js'

/**
 * The dashboard of a run that goes on.
 * @param {import('../../dist/src/index.js').Redrive} redrive
 * @param {(close: () => Promise<void>) => void} onClose
 * @returns {Promise<string>} What to open in a browser.
 */
export async function openDashboard(redrive, onClose) {
  const { link, close } = await startDashboard(redrive, { anyPort: true })
  onClose(close)
  return link
}
