export { type Spanned, type TraceParts, trace } from './trace.ts'
