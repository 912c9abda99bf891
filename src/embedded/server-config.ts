import { RedriveError, nearest } from '../errors.ts'

interface ServerSettings {
  readonly directory: string
  readonly appendonly: boolean
  readonly address: { readonly socket: string } | { readonly port: number }
  readonly config: Readonly<Record<string, string>>
}

/** These say where the server is found and how it is run; the supervisor relies on them. */
const RESERVED = [
  'bind',
  'daemonize',
  'dir',
  'logfile',
  'pidfile',
  'port',
  'supervised',
  'unixsocket',
  'unixsocketperm',
]

/** The text of a redis.conf. Later lines win, so the caller's own settings come last. */
export function serverConfig({ directory, appendonly, address, config }: ServerSettings): string {
  const where =
    'port' in address
      ? [`port ${address.port}`, 'bind 127.0.0.1']
      : ['port 0', `unixsocket ${JSON.stringify(address.socket)}`, 'unixsocketperm 700']
  return [
    ...where,
    `dir ${JSON.stringify(directory)}`,
    'daemonize no',
    'logfile ""',
    // Full memory must refuse a new message. Every other policy would throw away an old one.
    'maxmemory-policy noeviction',
    'save ""',
    `appendonly ${appendonly ? 'yes' : 'no'}`,
    'appendfsync everysec',
    ...Object.entries(config).map(configLine),
    '',
  ].join('\n')
}

function configLine([name, value]: [string, string]): string {
  if (!/^[\w-]+$/.test(name) || /[\r\n]/.test(value)) {
    throw new RedriveError('E_INVALID_OPTION', `"${name}" with value "${value}" is not a line of a redis.conf.`, {
      path: 'config',
    })
  }
  if (RESERVED.includes(name.toLowerCase())) {
    throw new RedriveError(
      'E_INVALID_OPTION',
      `config "${name}" is set by the embedded server itself. ${insteadOf(name)}`,
      {
        path: `config.${name}`,
      },
    )
  }
  return `${name} ${value === '' ? '""' : value}`
}

function insteadOf(name: string): string {
  const option = nearest(name, ['directory', 'port', 'binary'])
  return option ? `Use the option "${option}".` : 'Leave it out.'
}
