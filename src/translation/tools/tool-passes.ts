import type { Pass } from '../pass.ts'
import { callIds } from './call-ids.ts'
import { clientTools } from './client-tools.ts'
import { combinedPass } from './combined-pass.ts'
import { customTools } from './custom-tools.ts'
import { laterTools } from './later-tools.ts'
import { listArguments } from './list-arguments.ts'
import { serverTools } from './server-tools.ts'
import { toolChoice } from './tool-choice.ts'
import { toolDefinitions } from './tool-definitions.ts'
import { toolNames } from './tool-names.ts'
import { type ToolResultOptions, toolResults } from './tool-results.ts'

/**
 * Everything about tools (translation.md §1.6, §5). After these a request holds what its target can say: functions and
 * free-text tools whose names and ids fit, and tools of the target's own.
 */
export const toolPasses = (options: ToolResultOptions): readonly Pass[] => [
  combinedPass('tools', [
    laterTools, //           one list of tools, whenever they came
    clientTools, //          a vendor's tool types that the client runs: functions
    serverTools, //          tools that the provider runs, as the target has them
    toolNames, //            names that the target takes, without namespaces
    callIds, //              ids that the target takes
    toolResults(options), // one result for each call
    customTools, //          free text as a function's argument
    listArguments, //        a list where the model wrote one text
    toolDefinitions, //      strictness, examples, schemas
    toolChoice, //           what may or must be called
  ]),
]
