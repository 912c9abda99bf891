import { readFileSync } from 'node:fs'

export interface CodeBlock {
  readonly language: string
  readonly code: string
  readonly line: number
}

/** The fenced blocks of a Markdown file. */
export function codeBlocks(path: string): CodeBlock[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  const blocks: CodeBlock[] = []
  for (let i = 0; i < lines.length; i++) {
    const language = /^```(\w+)/.exec(lines[i]!)?.[1]
    if (language === undefined) continue
    const start = i + 1
    while (lines[++i] !== '```');
    blocks.push({ language, code: lines.slice(start, i).join('\n'), line: start })
  }
  return blocks
}
