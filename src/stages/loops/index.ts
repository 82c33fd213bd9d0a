export { type LoopBroken, type LoopsParts, loops } from './loops.ts'
