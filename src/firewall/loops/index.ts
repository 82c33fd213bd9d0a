export {
  defaultLoopOptions,
  type LoopOptions,
  type LoopReport,
  type LoopWarning,
  loopEdits,
  loopError,
  loopsOf,
} from './loops.ts'
