export { createOutputSlices, type OutputSlices } from './output-slices.ts'
export { type Reserved, type ReserveParts, reserve } from './reserve.ts'
