/** A browser that shows what it gets as a page. Programs ask for JSON or for anything, and the API answers with JSON in any case. */
export const wantsPage = ({ headers, url }: Request): boolean => {
  if (new URL(url).pathname.includes('/api/v1/')) return false
  const accepted = (headers.get('accept') ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim().split(';')[0])
  return accepted.includes('text/html') && accepted[0] !== 'application/json'
}

const TITLES: Readonly<Record<number, string>> = {
  401: 'A token is wanted',
  403: 'Not allowed',
  404: 'There is no such page',
  405: 'Not allowed',
  429: 'Too many requests',
  503: 'Redis does not answer',
}

/** A small page without script or style: it needs none, and the security headers allow none of its own. */
export function refusedPage(status: number, message: string): string {
  const title = escaped(TITLES[status] ?? (status < 500 ? 'The request was refused' : 'The dashboard failed'))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Redrive</title>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${escaped(message)}</p>
<p>The answer of the server is ${status}. The guide of the dashboard tells who is let in, and how.</p>
</main>
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
