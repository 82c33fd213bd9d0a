export { meterBody } from './meter-body.ts'
export { meterStream } from './meter-stream.ts'
