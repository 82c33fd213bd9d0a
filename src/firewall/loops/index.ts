export {
  defaultLoopOptions,
  type LoopOptions,
  type LoopReport,
  type LoopWarning,
  loopEdits,
  loopError,
  loopsOf,
} from './loops.ts'
export { mostRepeated } from './most-repeated.ts'
