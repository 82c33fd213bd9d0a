/** The first turns of what the heavy tests do for 200. */
import { promptCacheSuite } from '../support/prompt-cache-suite.ts'

promptCacheSuite(20)
