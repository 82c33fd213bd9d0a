/** Providers must read as much from their caches as if there were no gateway. */
import { promptCacheSuite } from '../support/prompt-cache-suite.ts'

promptCacheSuite(200)
