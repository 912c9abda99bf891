import { defineConfig } from 'vite'

/**
 * The dashboard's browser app. `base` is relative, so the same files work under any path that the dashboard is mounted at; nothing is
 * inlined into the page, so a content security policy without `unsafe-inline` holds.
 */
export default defineConfig({
  root: 'src/dashboard/app',
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // scripts/build.sh says where to; this is for a build by hand.
    outDir: '../../../.cache/dashboard-app',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'assets/licenses.md' },
    reportCompressedSize: false,
  },
})
