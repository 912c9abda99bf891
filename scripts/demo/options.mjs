import { parseArgs } from 'node:util'

/**
 * @typedef {object} DemoOptions
 * @property {number} messages
 * @property {number} seed
 * @property {string | undefined} redis The user's own server; without it a private one is started.
 * @property {boolean} json
 * @property {boolean} keep
 * @property {boolean} help
 */

const BOUNDS = { messages: [1, 20_000], seed: [0, 2 ** 32 - 1] }

export const HELP = `npm run demo -- [options]

Sends the example webhooks of GitHub by HTTP to a receiver on this machine that fails on purpose, from two worker
processes, one of which is killed half-way. Ends by itself; exit code 0 means that no message was lost.

  --messages N   how many to send, ${BOUNDS.messages.join('-')} (default 400)
  --seed N       another seed, other failures (default 1)
  --redis URL    your own server, under a prefix of the demo's own (default: REDIS_URL, else a private server)
  --keep         opens the dashboard, and goes on with more messages after the summary, until Ctrl-C
  --json         the summary as one JSON line on stdout; the view goes to stderr`

/**
 * @param {string[]} args
 * @returns {DemoOptions}
 */
export function parseOptions(args) {
  const values = parse(args)
  return {
    messages: integer('messages', values.messages),
    seed: integer('seed', values.seed),
    redis: values.redis ?? process.env.REDIS_URL,
    json: values.json,
    keep: values.keep,
    help: values.help,
  }
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        messages: { type: 'string', default: '400' },
        seed: { type: 'string', default: '1' },
        redis: { type: 'string' },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw usage(error.message)
  }
}

function integer(name, text) {
  const [min, max] = BOUNDS[name]
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw usage(`--${name} must be a whole number from ${min} to ${max}; got "${text}".`)
}

const usage = (message) => Object.assign(new Error(`${message}\n\n${HELP}`), { usage: true })
