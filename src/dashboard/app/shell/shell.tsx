import type { ComponentChildren, JSX } from 'preact'
import { linkTo } from '../route.ts'
import { overview } from './facts.ts'
import { Navigation } from './navigation.tsx'
import { Notice } from './notice.tsx'
import { SearchBox } from './search-box.tsx'
import { nextTheme, theme } from './theme.ts'

/** What stands around every page. */
export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <div class="shell">
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector<HTMLElement>('#content')?.focus()
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={linkTo(['queues'])}>
          <Mark />
          Redrive
        </a>
        <SearchBox />
        {overview.value?.readOnly && <span class="tag">read only</span>}
        <button
          type="button"
          class="quiet theme"
          onClick={nextTheme}
          aria-label={`Colours: ${theme.value}`}
          title="Colours"
        >
          {{ system: '◐', light: '☀', dark: '☾' }[theme.value]}
        </button>
      </header>
      <Navigation />
      <Notice />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  )
}

const Mark = (): JSX.Element => (
  <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M9 20a8 8 0 1 1 4 4M5.500 17.500 9 21.500 13 18" />
    <circle cx="16" cy="16" r="2.600" />
  </svg>
)
