export { type CacheParts, cache } from './cache.ts'
