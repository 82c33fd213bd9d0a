import type { StateKeysOf } from '../sessions/index.ts'
import { cacheKey } from './cache-key.ts'
import { cacheMarks } from './cache-marks.ts'
import { carriedCallIds } from './carried-call-ids.ts'
import { compaction } from './compaction.ts'
import { foreignFields } from './foreign-fields/index.ts'
import { media } from './media/index.ts'
import type { Pass } from './pass.ts'
import { reasoningSettings, reasoningState } from './reasoning/index.ts'
import {
  outputFormat,
  outputLimit,
  requestOptions,
  sampling,
  stopStrings,
  upstreamState,
} from './settings/index.ts'
import { toolPasses } from './tools/index.ts'

/**
 * Every rewriting between two protocols, in the order in which a request takes them; its answer takes them backwards.
 */
export const createPasses = (keysOf: StateKeysOf): readonly Pass[] => [
  upstreamState, //          what another provider would have to remember: refused
  compaction, //             a conversation that has become too long: a summary is asked for
  carriedCallIds(keysOf), // ids of calls, for clients of Gemini that send none back
  ...toolPasses({ repair: false }), // tools, their names, ids and results, as the target has them
  media, //                  pictures, documents, sound, video
  outputLimit, //            within what the model takes
  reasoningSettings, //      how much it thinks, in the target's terms
  sampling, //               depends on whether it thinks
  stopStrings, //            those that the model does not take cut the answer here
  outputFormat, //           JSON and schemas
  requestOptions, //         verbosity, metadata, user, tier, storage, moderation
  reasoningState(keysOf), // state of models: opened for its own target, dropped for others, sealed for the client
  cacheMarks, //             marks of the prompt cache, for models that take them
  cacheKey, //               prompt_cache_key where the client could not send one
  foreignFields, //          what only the client's protocol has a word for: told, or refused
]
