import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { needsToken } from '../api/request.ts'
import { saveToken } from '../api/session.ts'
import { refreshOverview } from './facts.ts'

/** Where the link had no token, or an old one. */
export function SignIn(): JSX.Element {
  const field = useRef<HTMLInputElement>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    saveToken(field.current?.value.trim() ?? '')
    needsToken.value = false
    void refreshOverview()
  }
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={submit}>
        <h1>Redrive</h1>
        <p>This dashboard asks for its token. Whoever started it finds the token in the link that was printed.</p>
        <label for="token">Token</label>
        <input id="token" ref={field} type="password" autocomplete="off" required />
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </main>
  )
}
