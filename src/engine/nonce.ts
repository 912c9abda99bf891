/** Orders nonces as they were given: by the revision of their commit, then by the count within it. */
export function compareNonces(a: string, b: string): number {
  const [[aRevision = 0, aCount = 0], [bRevision = 0, bCount = 0]] = [a, b].map((nonce) =>
    nonce.split('-').map((part) => parseInt(part, 36)),
  ) as [number[], number[]]
  return aRevision - bRevision || aCount - bCount
}
