import { GatewayError } from '../../errors.ts'
import {
  extensionOf,
  type GenerateRequest,
  type ServerTool,
  type ServerToolDefinition,
} from '../../ir/index.ts'
import type { TranslationTarget } from '../pass.ts'
import { clientTools } from './client-tools.ts'
import { objectMember, objectOf } from './json-source.ts'
import { laterTools } from './later-tools.ts'
import { serverTools } from './server-tools.ts'

/**
 * The kinds of tools that a request brings to a target and that act there, if the target runs them. Of what clients
 * offer much is left out in a translation, or becomes a function that the client runs. None where the request is
 * refused: then nothing is sent.
 */
export const toolsRunAt = (
  asked: GenerateRequest,
  target: TranslationTarget,
  organisation: string,
): readonly ServerTool[] => {
  const context = { organisation, target, warn() {}, refuse: unsaid }
  try {
    const sent = [laterTools, clientTools, serverTools].reduce(
      (request, pass) => pass.run(request, context).request,
      asked,
    )
    const tools = [...sent.tools, ...sent.turns.flatMap((turn) => turn.tools ?? [])]
    const acting = tools.filter((tool) => tool.type === 'server').filter(acts)
    const servers = extensionOf(asked, target.protocol)['mcp_servers'] === undefined ? [] : ['mcp' as const]
    return [...acting.map(({ tool }) => tool), ...servers]
  } catch (error) {
    if (error instanceof GatewayError) return []
    throw error
  }
}

const unsaid = (feature: string): never => {
  throw new GatewayError('gateway_translation_unsupported', `${feature} cannot be said to the target`)
}

/** Does it do anything there, beyond choosing among the request's own tools? */
const acts = ({ tool, config }: ServerToolDefinition): boolean => {
  if (!inert.has(tool)) return true
  // A shell is the client's own unless it runs in a container of the provider's.
  const environment = objectMember(objectOf(config), 'environment')
  return tool === 'shell' && environment !== undefined && environment['type'] !== 'local'
}

/** These have a schema of the provider's, and the client acts; or nobody does. */
const inert: ReadonlySet<ServerTool> = new Set<ServerTool>([
  'shell',
  'text-editor',
  'computer',
  'memory',
  'tool-search',
])
