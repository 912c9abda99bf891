import type { Command } from 'commander'

/** Verbs under the names that people type first. */
const ALIASES: Readonly<Record<string, string>> = { ls: 'list', rm: 'delete', show: 'get', stats: 'status' }

/** What other queues and tools call things, and what does it here. */
const MEANINGS: Readonly<Record<string, string>> = {
  ...sameAs('send <queue> <json>', 'add', 'enqueue', 'push', 'publish', 'produce', 'create', 'new', 'submit', 'put'),
  ...sameAs('ls', 'queues', 'messages', 'jobs', 'tasks', 'dir', 'find', 'search'),
  ...sameAs('ls <queue> --state dead', 'failed', 'dead', 'failures', 'dlq', 'errors', 'dead-letters'),
  ...sameAs('ls <queue> --state pending', 'waiting', 'pending', 'delayed', 'scheduled'),
  ...sameAs('show <queue> <id>', 'info', 'inspect-message', 'describe', 'cat', 'view', 'peek', 'job', 'message'),
  ...sameAs('history <queue> <id>', 'logs', 'log', 'tail', 'journal', 'events', 'trace'),
  ...sameAs('stats --watch', 'top', 'watch', 'monitor', 'count', 'counts', 'metrics', 'size', 'len'),
  ...sameAs('workers', 'ps', 'processes', 'consumers', 'active'),
  ...sameAs('redrive <queue> --all', 'requeue', 'retry-all', 'replay', 'redeliver', 'resurrect', 'retry-failed'),
  ...sameAs('rm <queue> --state <state>', 'purge', 'clean', 'drain', 'empty', 'flush', 'clear', 'obliterate', 'trim'),
  ...sameAs('rm <queue> <id>', 'remove', 'del', 'discard', 'drop', 'destroy'),
  ...sameAs('cancel <queue> <id>', 'kill', 'abort', 'terminate'),
  ...sameAs('release <queue> --all', 'unpark', 'unquarantine', 'quarantine'),
  ...sameAs('pause <queue>', 'stop', 'hold', 'freeze', 'suspend'),
  ...sameAs('resume <queue>', 'unpause', 'continue', 'unfreeze'),
  ...sameAs('worker <module>', 'work', 'start', 'consume', 'process', 'up', 'serve-worker'),
  ...sameAs('dashboard', 'ui', 'web', 'serve', 'open', 'board'),
  ...sameAs('signal <queue> <id> <event>', 'event', 'emit', 'trigger', 'notify', 'promote'),
  ...sameAs('doctor', 'check', 'health', 'ping', 'diagnose', 'fix', 'repair'),
  ...sameAs('machines show <module>', 'chart', 'diagram', 'machine', 'graph'),
  ...sameAs('--help', 'commands', 'usage', '?'),
}

function sameAs(line: string, ...words: string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, line]))
}

export function addAliases(program: Command): void {
  for (const command of program.commands) {
    const alias = ALIASES[command.name()]
    if (alias !== undefined) command.alias(alias)
  }
}

/** What a misunderstood command line may have meant, where it is a word of another tool. */
export function byMeaning(message: string): string | undefined {
  const [, word = ''] = /unknown command '([^']*)'/.exec(message) ?? []
  const line = Object.hasOwn(MEANINGS, word.toLowerCase()) ? MEANINGS[word.toLowerCase()] : undefined
  return line === undefined ? undefined : `unknown command '${word}'. Did you mean: redrive ${line}`
}
