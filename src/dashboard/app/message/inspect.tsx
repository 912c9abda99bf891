import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { hostedPage, inspectAddress, wantsToken } from '../api/inspect.ts'
import { sentence } from '../api/request.ts'
import { Dialog } from '../operations/dialog.tsx'
import { isReadOnly } from '../shell/facts.ts'
import { CopyBox } from '../value/copy-box.tsx'

interface InspectProps {
  readonly queue: string
  readonly id: string
}

/** How a message is seen by the XState inspector, and an actor of one's own on this page. */
export function Inspect({ queue, id }: InspectProps): JSX.Element {
  const open = useSignal(false)
  return (
    <>
      <button type="button" onClick={() => (open.value = true)}>
        Inspect…
      </button>
      {open.value && (
        <Dialog title={`Inspect ${id}`} onClose={() => (open.value = false)}>
          <Viewer queue={queue} id={id} />
          {!isReadOnly() && <Source queue={queue} id={id} />}
          <Hosted queue={queue} id={id} />
        </Dialog>
      )}
    </>
  )
}

const Viewer = ({ queue, id }: InspectProps): JSX.Element => (
  <section>
    <h3>With an inspector of yours</h3>
    <p>
      Clients of <code>@statelyai/inspect</code> receive this message and its children here, as actors:
    </p>
    <CopyBox label="Address for inspectors" text={inspectAddress(queue, id)} />
    {wantsToken() && (
      <p class="muted">
        Add <code>&amp;token=</code> and your token, or send it as the header <code>Authorization</code>.
      </p>
    )}
  </section>
)

const Source = ({ queue, id }: InspectProps): JSX.Element => (
  <section>
    <h3>An actor of your own beside it</h3>
    <p>One that runs in your program shows up on this page, below the chart, with its own:</p>
    <CopyBox
      label="Lines for your program"
      text={[
        `import { createWebSocketInspector } from '@statelyai/inspect'`,
        ``,
        `const { inspect } = createWebSocketInspector({`,
        `  url: '${inspectAddress(queue, id, 'source').replaceAll("'", '%27')}',`,
        `})`,
        `createActor(machine, { inspect }).start()`,
      ].join('\n')}
    />
  </section>
)

function Hosted({ queue, id }: InspectProps): JSX.Element {
  const problem = useSignal('')
  const open = async (): Promise<void> => {
    problem.value = ''
    try {
      window.open(await hostedPage(queue, id), '_blank', 'noopener')
    } catch (error) {
      problem.value = sentence(error)
    }
  }
  return (
    <section>
      <h3>With the inspector of stately.ai</h3>
      <p>
        <b>The data of this message then goes to a page of that site.</b> The next page says so again, and sends nothing
        before you press its button.
      </p>
      <div class="buttons">
        <button type="button" onClick={() => void open()}>
          Open the page that hands it on ↗
        </button>
      </div>
      {problem.value !== '' && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </section>
  )
}
