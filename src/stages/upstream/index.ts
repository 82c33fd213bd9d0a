export { decoded } from './decoded.ts'
export type { Timeouts } from './send-http.ts'
export { type UpstreamParts, upstream } from './upstream.ts'
