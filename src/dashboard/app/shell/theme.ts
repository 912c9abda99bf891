import { signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'redrive.theme'
const THEMES: readonly Theme[] = ['system', 'light', 'dark']

export const theme = signal<Theme>(saved())

function saved(): Theme {
  const name = localStorage.getItem(KEY)
  return THEMES.find((each) => each === name) ?? 'system'
}

/** `system` leaves it to the style sheet, which asks the browser. */
export function applyTheme(): void {
  const { dataset } = document.documentElement
  if (theme.value === 'system') delete dataset['theme']
  else dataset['theme'] = theme.value
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
  localStorage.setItem(KEY, theme.value)
  applyTheme()
}
