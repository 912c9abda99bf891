/** Whether the other end has it. Whatever compresses on the way makes a tag weak, and a cache may name several. */
export function hasTag(headers: Headers, etag: string): boolean {
  const given = (headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return given.includes(etag) || given.includes('*')
}
