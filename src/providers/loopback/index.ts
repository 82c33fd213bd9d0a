export { type LoopbackParts, loopback } from './loopback.ts'
