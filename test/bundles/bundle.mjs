// Makes a bundle as a user would: argv is the bundler, the format, the program and the directory for what comes out, which is named app.mjs or app.cjs.
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const [bundler, format, entry, out] = process.argv.slice(2)
const tools = createRequire(new URL('../../.cache/bundlers/package.json', import.meta.url))
const load = (name) => import(pathToFileURL(tools.resolve(name)).href)
const file = format === 'esm' ? 'app.mjs' : 'app.cjs'

async function esbuild(more = {}) {
  const { build } = await load('esbuild')
  const outfile = join(out, file)
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format, outfile, logLevel: 'warning', ...more })
}

async function webpack() {
  const { default: make } = await load('webpack')
  const isModule = format === 'esm'
  const stats = await promisify(make)({
    mode: 'production',
    optimization: { minimize: false },
    target: 'node20',
    context: dirname(entry),
    entry,
    experiments: { outputModule: isModule },
    output: { path: out, filename: file, module: isModule, ...(isModule ? { library: { type: 'module' } } : {}) },
  })
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }))
}

async function vite() {
  const { build } = await import('vite')
  const output = { format, entryFileNames: file }
  await build({
    configFile: false,
    root: dirname(entry),
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: { ssr: basename(entry), outDir: out, rolldownOptions: { output } },
  })
}

const REQUIRE = `import { createRequire } from 'module'; const require = createRequire(import.meta.url);`
const bundlers = {
  esbuild: () => esbuild(),
  'esbuild, with the usual banner': () => esbuild({ banner: { js: REQUIRE }, minify: true }),
  webpack,
  vite,
}
await bundlers[bundler]()
