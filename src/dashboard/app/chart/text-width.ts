const pen = document.createElement('canvas').getContext('2d')
const family = getComputedStyle(document.documentElement).getPropertyValue('--sans')

/** How wide a text is on a card, in pixels: which font the system has is not known before. `font` is a weight and a size. */
export function textWidth(text: string, font: string): number {
  if (!pen) return text.length * 10
  pen.font = `${font} ${family}`
  return pen.measureText(text).width
}
