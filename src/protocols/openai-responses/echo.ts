import { extensionOf, type GenerateRequest, isJsonObject, type ToolDefinition } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import { encodeTools } from './encode-tools.ts'
import { createLosses } from './losses.ts'
import { isJsonArray, parseObject } from './members.ts'
import { patched, type Written } from './patch.ts'
import { protocolId } from './wire.ts'
import { writeSettings } from './write-settings.ts'

/**
 * The request's fields as a response repeats them, each with the value in effect. What was left to the provider and
 * is unknown to us is null where the type allows it.
 */
export const echoOf = (request: GenerateRequest): Written => {
  const patch = extensionOf(request, protocolId)
  const asked = patched(writeSettings(request, { model: request.model, stream: request.stream }), patch)
  const text = objectOf(asked['text'])
  const reasoning = objectOf(asked['reasoning'])
  return {
    access_programs: asked['access_programs'] ?? null,
    background: asked['background'] ?? false,
    instructions: asked['instructions'] ?? null,
    max_output_tokens: asked['max_output_tokens'] ?? null,
    max_tool_calls: asked['max_tool_calls'] ?? null,
    metadata: asked['metadata'] ?? {},
    parallel_tool_calls: asked['parallel_tool_calls'] ?? true,
    previous_response_id: asked['previous_response_id'] ?? null,
    ...conversationOf(asked['conversation']),
    ...present(asked, ['prompt', 'prompt_cache_options', 'prompt_cache_retention']),
    prompt_cache_key: asked['prompt_cache_key'] ?? null,
    reasoning: { ...reasoning, effort: reasoning['effort'] ?? null, summary: reasoning['summary'] ?? null },
    safety_identifier: asked['safety_identifier'] ?? null,
    store: asked['store'] ?? true,
    temperature: asked['temperature'] ?? null,
    text: { ...text, format: text['format'] ?? { type: 'text' }, verbosity: text['verbosity'] ?? 'medium' },
    tool_choice: asked['tool_choice'] ?? 'auto',
    tools: encodeTools(request.tools.map(withoutSecrets), true, 'tools', createLosses()),
    top_logprobs: asked['top_logprobs'] ?? 0,
    top_p: asked['top_p'] ?? null,
    truncation: asked['truncation'] ?? 'disabled',
    ...present(asked, ['user']),
  }
}

/** What a client gave for an MCP server's eyes is not repeated. */
const withoutSecrets = (tool: ToolDefinition): ToolDefinition => {
  if (tool.type !== 'server' || tool.tool !== 'mcp') return tool
  const config = parseObject(tool.config)
  if (config['authorization'] === undefined && !isJsonObject(config['headers'])) return tool
  const { authorization: _secret, ...rest } = config
  const { raw: _raw, ...bare } = tool
  return { ...bare, config: writeJson({ ...rest, headers: null }) }
}

const objectOf = (value: unknown): Written =>
  typeof value === 'object' && value !== null && !isJsonArray(value) ? { ...value } : {}

const present = (asked: Written, keys: readonly string[]): Written =>
  Object.fromEntries(
    keys.flatMap((key) => (asked[key] === undefined || asked[key] === null ? [] : [[key, asked[key]]])),
  )

const conversationOf = (conversation: unknown): Written => {
  if (typeof conversation === 'string') return { conversation: { id: conversation } }
  const { id } = objectOf(conversation)
  return typeof id === 'string' ? { conversation: { id } } : {}
}
