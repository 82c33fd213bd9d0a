export { leavesOf } from './leaves-of.ts'
export { type Received, type ReceiveParts, receive, sessionOf } from './receive.ts'
export { withBody } from './with-body.ts'
