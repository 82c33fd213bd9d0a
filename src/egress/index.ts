export { type AskJson, type AskOptions, type AskResult, createAsker } from './ask-json.ts'
export type { CallerOptions } from './call-json.ts'
export {
  createMediaFetcher,
  type FetchedMedia,
  type FetchMedia,
  type MediaFetcherOptions,
} from './fetch-media.ts'
export { isGlobalAddress } from './global-address.ts'
export { createPoster, type PostJson, type PostOptions, type PostResult } from './post-json.ts'
