export type { ReserveParts } from './attempt-bounds.ts'
export { createOutputSlices, type OutputSlices } from './output-slices.ts'
export { type Reserved, reserve } from './reserve.ts'
