import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { appFile } from './app-files.ts'
import { createEncoder, encodingFor } from './encoded.ts'
import { hasTag } from './etag.ts'
import type { Place } from './place.ts'
import { refusedPage, wantsPage } from './refused-page.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

const encoder = createEncoder()

type Asked = Pick<Extract<Place, { type: 'file' }>, 'path' | 'below'>

/** A file of the built app, or a page that tells how to build it. */
export async function staticFile({ path, below }: Asked, request: Request): Promise<Response> {
  // Nothing but a name, or a name in assets: so no path leads out of the folder.
  const type = TYPES[extname(path)]
  const content = /^(assets\/)?[\w][\w.-]*$/.test(path) && type !== undefined ? read(path, below) : undefined
  if (content === undefined) return path === 'index.html' ? notBuilt() : noSuchFile(request)
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22)
  const encoding = encodingFor(request.headers.get('accept-encoding'), type!, content.length)
  // What is compressed is another thing to a cache than what is not.
  const etag = encoding === 'identity' ? `"${hash}"` : `"${hash}-${encoding}"`
  const cache = path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  const headers = {
    'content-type': type!,
    'cache-control': cache,
    etag,
    vary: 'accept-encoding',
    ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
  }
  if (hasTag(request.headers, etag)) return new Response(null, { status: 304, headers })
  const body = await encoder.encode(content, hash, encoding)
  return new Response(new Uint8Array(body), { headers: { ...headers, 'content-length': String(body.length) } })
}

const noSuchFile = (request: Request): Response =>
  wantsPage(request)
    ? text(404, refusedPage(404, 'there is no such page.'), 'text/html')
    : text(404, 'There is no such file.\n')

/** All addresses in the page are relative to its folder. */
function read(path: string, below: string): Buffer | undefined {
  const content = appFile(path)
  if (content === undefined || path !== 'index.html' || below === './') return content
  const folder = below.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  return Buffer.from(content.toString().replaceAll('"./', () => `"${folder}`))
}

const notBuilt = (): Response =>
  text(
    503,
    'The pages of the dashboard are not built.\n\nIn a clone of the repository run: npm run build\nThe data is at ./api/v1/overview all the same.\n',
  )

const text = (status: number, body: string, type = 'text/plain'): Response =>
  new Response(body, { status, headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' } })
