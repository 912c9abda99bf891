import { giveBack } from './driver-loan.ts'
import { Redis } from 'ioredis'

// The driver has asked for all modules of Node that it needs.
giveBack()

export { Redis }
