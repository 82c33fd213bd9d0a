import type { JsonObject, ProtocolId, ServerToolDefinition } from '../../ir/index.ts'
import { definition, type HostedLoss, type HostedTool, mapped, refused } from './hosted-tool.ts'
import { memberOf, objectMember, objectOf, textMember, textsMember } from './json-source.ts'

/** What of OpenAI's container must not be lost: files and containers do not cross, and its network is a protection. */
const restrictionOf = (config: JsonObject): string | undefined => {
  if (textMember(config, 'container') !== undefined) return 'container'
  const container = objectMember(config, 'container') ?? {}
  if (textsMember(container, 'file_ids') !== undefined) return 'container.file_ids'
  const policy = objectMember(container, 'network_policy')
  // The sandboxes of Anthropic and Gemini reach no network at all.
  return policy === undefined || policy['type'] === 'disabled' ? undefined : 'container.network_policy'
}

export const codeProtects = ({ config }: ServerToolDefinition): boolean =>
  restrictionOf(objectOf(config)) !== undefined

/** Code that runs in a sandbox of the provider's (translation.md §5.6, CE1). */
export const codeExecutionFor = (tool: ServerToolDefinition, to: ProtocolId): HostedTool => {
  const config = objectOf(tool.config)
  const restriction = restrictionOf(config)
  if (restriction !== undefined) return refused('what lies at one provider is not at another', restriction)
  const memory = memberOf(objectMember(config, 'container') ?? {}, 'memory_limit') ?? null
  const losses: readonly HostedLoss[] =
    memory === null ? [] : [{ member: 'container.memory_limit', reason: 'no counterpart' }]
  switch (to) {
    case 'anthropic-messages':
      return mapped(
        [
          definition(
            'code-execution',
            'code_execution_20250825',
            { type: 'code_execution_20250825', name: 'code_execution' },
            'code_execution',
          ),
        ],
        losses,
      )
    case 'openai-responses':
      return mapped(
        [
          definition('code-execution', 'code_interpreter', {
            type: 'code_interpreter',
            container: { type: 'auto' },
          }),
        ],
        losses,
      )
    default:
      return mapped([definition('code-execution', 'codeExecution', {})], losses)
  }
}
