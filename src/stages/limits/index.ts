export { type Limited, type LimitsParts, limits, localLimits } from './limits.ts'
export { rateHeaders } from './rate-headers.ts'
export { usedBy } from './used-by.ts'
