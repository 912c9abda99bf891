import { openMemory } from './memory-harness.ts'
import { describeStore } from './store-contract.ts'

describeStore('memory', openMemory)
