export { type Captured, type CaptureParts, capture } from './capture.ts'
