import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface Authority extends Certificate {
  /** Signs a certificate for a name, and for 127.0.0.1 too unless `elsewhere`. */
  issue(name: string, options?: { readonly expired?: boolean; readonly elsewhere?: boolean }): Certificate
}

const DAY = 86_400_000

/** Certificates of the test's own: no tool is needed, no key lies in the repository, and none is ever out of date. */
export function createAuthority(name: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    ...certificate({ subject: name, issuer: name, pair: own, signer: own.privateKey, extensions: [isAuthority()] }),
    issue(subject, { expired = false, elsewhere = false } = {}) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const names = [der(0x82, Buffer.from(subject)), ...(elsewhere ? [] : [der(0x87, Buffer.from([127, 0, 0, 1]))])]
      const extension = der(0x30, der(0x06, SUBJECT_NAMES), der(0x04, der(0x30, ...names)))
      const end = expired ? Date.now() - DAY : Date.now() + 30 * DAY
      return certificate({ subject, issuer: name, pair, signer: own.privateKey, extensions: [extension], end })
    },
  }
}

interface Draft {
  readonly subject: string
  readonly issuer: string
  readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  readonly signer: KeyObject
  readonly extensions: readonly Buffer[]
  readonly end?: number
}

function certificate({ subject, issuer, pair, signer, extensions, end = Date.now() + 30 * DAY }: Draft): Certificate {
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    SIGNED_WITH,
    nameOf(issuer),
    der(0x30, timeOf(Date.now() - 60 * DAY), timeOf(end)),
    nameOf(subject),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensions)),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, signer))
  return {
    cert: pem('CERTIFICATE', der(0x30, body, SIGNED_WITH, signature)),
    key: String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

/** An element of DER: its tag, its length and what is in it. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const oid = (hex: string): Buffer => Buffer.from(hex, 'hex')
/** ecdsa-with-SHA256 */
const SIGNED_WITH = der(0x30, der(0x06, oid('2a8648ce3d040302')))
const SUBJECT_NAMES = oid('551d11')
const COMMON_NAME = oid('550403')

const isAuthority = (): Buffer =>
  der(
    0x30,
    der(0x06, oid('551d13')),
    der(0x01, Buffer.from([0xff])),
    der(0x04, der(0x30, der(0x01, Buffer.from([0xff])))),
  )

const nameOf = (name: string): Buffer =>
  der(0x30, der(0x31, der(0x30, der(0x06, COMMON_NAME), der(0x0c, Buffer.from(name)))))

/** UTCTime, as in 261123233300Z. */
const timeOf = (ms: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))

const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')}\n-----END ${label}-----\n`
