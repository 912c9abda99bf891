#!/usr/bin/env node
/**
 * Writes texts that the sources read from files into the code of a build: a bundle has no files beside it, and some need none of ours.
 * A module that reads them has the same exports in both forms. Usage: node scripts/embed.mjs DIRECTORY
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (...path) => readFileSync(join(...path), 'utf8')

/** As base64 of brotli: a fifth of the size. */
const pack = (content) =>
  brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }).toString('base64')
const UNPACK = `import { brotliDecompressSync } from 'node:zlib'\n`
const unpack = (packed) => `brotliDecompressSync(Buffer.from(${packed}, 'base64'))`

/** An object as code, with a line for each entry. */
const table = (entries) =>
  `{\n${entries.map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`).join('')}}`

/** The scripts as they lie in the build. */
export function embedScripts(build) {
  const folder = join(build, 'src/store/lua')
  const scripts = readdirSync(folder).toSorted()
  const texts = table(scripts.map((file) => [basename(file, '.lua'), read(folder, file)]))
  write(
    build,
    'src/store/script-source.js',
    `const TEXTS = ${texts}\nexport const scriptSource = (name) => TEXTS[name]\n`,
  )
}

function embedApp(build) {
  const folder = join(build, 'src/dashboard/app')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).toSorted()
  const texts = table(paths.map((path) => [path, pack(readFileSync(join(folder, path)))]))
  const code = `export const appFile = (path) => Object.hasOwn(PACKED, path) ? ${unpack('PACKED[path]')} : undefined\n`
  write(build, 'src/dashboard/server/app-files.js', `${UNPACK}const PACKED = ${texts}\n${code}`)
}

function embedElk(build) {
  const elk = pack(readFileSync(createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js')))
  const code = `${UNPACK}/* elkjs, EPL-2.0: see THIRD-PARTY.md. */\nconst PACKED = '${elk}'\n`
  write(
    build,
    'src/inspect/chart/elk-source.js',
    `${code}export const elkSource = () => ${unpack('PACKED')}.toString()\n`,
  )
}

function embedSupervisor(build) {
  const text = read(ROOT, 'src/embedded/supervisor.mjs')
  write(build, 'src/embedded/supervisor-source.js', `export const supervisorSource = () => ${JSON.stringify(text)}\n`)
}

function embedVersion(build) {
  const { version } = JSON.parse(read(ROOT, 'package.json'))
  write(build, 'src/version.js', `export const VERSION = ${JSON.stringify(version)}\n`)
}

/** Licences of the packages whose code is in the build. */
function writeNotice(build) {
  const { version, license } = JSON.parse(read(ROOT, 'node_modules/elkjs/package.json'))
  const notice = [
    '# Third-party code in this package',
    `## elkjs ${version} (${license})\n\nIn \`src/inspect/chart/elk-source.js\`, compressed and otherwise as it is published, under the EPL-2.0. Its source code: <https://github.com/kieler/elkjs>, and of the Java that it is compiled from: <https://github.com/eclipse/elk>.`,
    read(ROOT, 'node_modules/elkjs/LICENSE.md').trim(),
    `## The pages of the dashboard\n\nIn \`src/dashboard/server/app-files.js\`, compressed.`,
    read(build, 'src/dashboard/app/assets/licenses.md').trim(),
  ]
  writeFileSync(join(build, 'THIRD-PARTY.md'), `${notice.join('\n\n')}\n`)
}

/** The compiler must have made a module of that name: one that nobody imports any more would be a dead weight. */
function write(build, path, code) {
  writeFileSync(join(build, path), code, { flag: 'r+' })
  writeFileSync(join(build, path), code)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [build] = process.argv.slice(2)
  if (build === undefined) throw new Error('Usage: node scripts/embed.mjs DIRECTORY')
  for (const embed of [embedScripts, embedApp, embedElk, embedSupervisor, embedVersion, writeNotice]) embed(build)
}
