export { type Reserved, type ReserveParts, reserve } from './reserve.ts'
