import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const PLACES = [
  '/usr/bin',
  '/usr/local/bin',
  '/snap/bin',
  '/Applications/Chromium.app/Contents/MacOS',
  '/Applications/Google Chrome.app/Contents/MacOS',
]
const MAC_NAMES = ['Chromium', 'Google Chrome']

/**
 * The Chromium of this machine: `REDRIVE_CHROMIUM`, else one on the PATH or at the usual places.
 * @returns {string | undefined}
 */
export function findChromium(env = process.env) {
  if (env.REDRIVE_CHROMIUM) return env.REDRIVE_CHROMIUM
  const directories = [...(env.PATH ?? '').split(delimiter).filter((directory) => directory !== ''), ...PLACES]
  const candidates = directories.flatMap((directory) => [...NAMES, ...MAC_NAMES].map((name) => join(directory, name)))
  return candidates.find(isExecutable)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Nothing of it calls home, and it needs neither a screen nor a graphics card. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

// As a program it tells scripts/setup.sh by its exit code whether there is one.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = findChromium() ? 0 : 1
