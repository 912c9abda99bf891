import { allNodes } from '../engine/nodes.ts'
import type { DurableMachine } from '../engine/registry.ts'
import { checkNames, DEFAULTS } from '../options.ts'
import type { QueueOptions } from './queue-options.ts'

/** @throws RedriveError `E_INVALID_OPTION` for a tag that no state has: it would keep its messages as if nothing had been said */
export function checkRetentionTags(
  retention: QueueOptions['retention'] = {},
  machines: readonly DurableMachine[],
): void {
  const tags = machines.flatMap(({ machine }) => [...allNodes(machine.root)].flatMap((node) => node.tags))
  checkNames(retention, 'retention', [...new Set([...Object.keys(DEFAULTS.retention), ...tags])])
}
