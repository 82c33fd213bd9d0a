export {
  createMediaFetcher,
  type FetchedMedia,
  type FetchMedia,
  type MediaFetcherOptions,
} from './fetch-media.ts'
export { isGlobalAddress } from './global-address.ts'
