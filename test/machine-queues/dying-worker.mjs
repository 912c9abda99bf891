// A worker process that ends by SIGKILL as soon as one of its handlers or actions begins. Arguments: the server, the queue, the machine and
// those below it as JSON, and the other options of the queue.
import { createMachine, setup } from 'xstate'
import { Redrive } from '../../dist/src/index.js'

const [url, name, config, below, options] = process.argv.slice(2)
const die = () => process.kill(process.pid, 'SIGKILL')
const actors = Object.fromEntries(Object.entries(JSON.parse(below)).map(([src, each]) => [src, createMachine(each)]))
const machine = setup({ actors, actions: { act: die } }).createMachine(JSON.parse(config))
const queue = new Redrive({ redis: url }).queue(name, { machine, lease: 500, ...JSON.parse(options) })
const handlers = { charge: die, ship: die }
const invokes = `${config}${below}`
queue.work(Object.fromEntries(Object.entries(handlers).filter(([src]) => invokes.includes(`"src":"${src}"`))))
