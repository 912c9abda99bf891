import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

export type Encoding = 'br' | 'gzip' | 'identity'

/** Files of the app, compressed once for all who load them. There are a dozen; a new build brings others of other names. */
export interface Encoder {
  /** @param key tells contents apart */
  encode(content: Buffer, key: string, encoding: Encoding): Promise<Buffer>
}

const KEPT = 60
/** Brotli's best takes three times as long for two per cent; the first visitor waits for it. */
const QUALITY = 9
/** Smaller ones fit into one packet as they are. */
const SMALL = 1000

export function createEncoder(): Encoder {
  const kept = new Map<string, Promise<Buffer>>()
  return {
    encode(content, key, encoding) {
      if (encoding === 'identity') return Promise.resolve(content)
      const name = `${encoding} ${key}`
      const known = kept.get(name)
      if (known) return known
      const made = encoding === 'br' ? brotli(content) : zip(content)
      made.catch(() => kept.delete(name))
      kept.set(name, made)
      if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? '')
      return made
    },
  }
}

const brotli = (content: Buffer): Promise<Buffer> =>
  promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } })

const zip = (content: Buffer): Promise<Buffer> => promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION })

/** The best that the other end takes; a picture is compressed by itself. */
export function encodingFor(accepts: string | null, type: string, size: number): Encoding {
  if (size < SMALL || /^(image\/(?!svg)|font\/)/.test(type)) return 'identity'
  const taken = new Map((accepts ?? '').split(',').map(weightOf))
  const takes = (encoding: Encoding): boolean => (taken.get(encoding) ?? taken.get('*') ?? 0) > 0
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'identity'
}

function weightOf(part: string): [string, number] {
  const [, name = '', weight = '1'] = /^\s*([^\s;]+)\s*(?:;\s*q=([\d.]+))?/i.exec(part) ?? []
  return [name.toLowerCase(), Number(weight)]
}
