import type { ComponentChildren, JSX } from 'preact'
import { Dialog } from './dialog.tsx'

interface ConfirmProps {
  readonly title: string
  /** What the button says. */
  readonly yes: string
  readonly danger?: boolean
  readonly children: ComponentChildren
  onYes(): void
  onNo(): void
}

export const Confirm = ({ title, yes, danger = false, children, onYes, onNo }: ConfirmProps): JSX.Element => (
  <Dialog title={title} onClose={onNo}>
    <p>{children}</p>
    <div class="buttons">
      <button type="button" onClick={onNo}>
        Not now
      </button>
      <button type="button" class={danger ? 'danger' : 'primary'} onClick={onYes}>
        {yes}
      </button>
    </div>
  </Dialog>
)
