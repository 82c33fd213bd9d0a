export { leavesOf } from './leaves-of.ts'
export { type Received, type ReceiveParts, receive } from './receive.ts'
