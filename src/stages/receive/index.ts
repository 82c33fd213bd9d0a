export { type Received, type ReceiveParts, receive } from './receive.ts'
