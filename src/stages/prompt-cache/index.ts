export { type CacheBroken, type CacheKept, type PromptCacheParts, promptCache } from './prompt-cache.ts'
