/** Pixels that a text takes. Nothing here can measure a font, so the figures are those of a wide one: a box may be a little too large, never too small. */
export const widthOf = (text: string, fontSize: number): number => {
  let em = 0
  // Ideographs and emoji are as wide as they are high.
  for (const character of text) em += character.codePointAt(0)! > 0x2e7f ? 1.05 : 0.62
  return Math.ceil(em * fontSize)
}

/** Breaks a text between its words; a word that is longer than a line is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).flatMap((each) => pieces(each, width))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

function pieces(word: string, width: number): string[] {
  const characters = Array.from(word)
  if (characters.length <= width) return [word]
  return Array.from({ length: Math.ceil(characters.length / width) }, (_, i) =>
    characters.slice(i * width, (i + 1) * width).join(''),
  )
}
