import { first } from './machines.mjs'

export default (redrive) => redrive.queue('regions', { machine: first })
