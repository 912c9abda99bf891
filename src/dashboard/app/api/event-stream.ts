import { authorization, reach } from './request.ts'

export interface ServerEvent {
  readonly type: string
  readonly id: string | undefined
  readonly data: unknown
}

/**
 * Server-sent events by `fetch`: the browser's own EventSource cannot send the token in a header, and a token in an address ends in logs.
 * It ends when the server ends the stream. @throws ApiError
 */
export async function* readEvents(
  url: URL,
  { lastId, signal }: { lastId?: string | undefined; signal: AbortSignal },
): AsyncGenerator<ServerEvent> {
  const headers = {
    accept: 'text/event-stream',
    ...authorization(),
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  }
  const response = await reach(url, { headers, signal, cache: 'no-store' })
  const reader = (response.body ?? new Blob().stream()).pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text = (text + value).replaceAll('\r\n', '\n')
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) yield* eventOf(block)
  }
}

/** None for a comment, which only keeps the connection alive. */
function eventOf(block: string): ServerEvent[] {
  let type = 'message'
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
    if (field === 'event') type = value
    else if (field === 'id') id = value
    else if (field === 'data') data.push(value)
  }
  return data.length === 0 ? [] : [{ type, id, data: JSON.parse(data.join('\n')) as unknown }]
}
