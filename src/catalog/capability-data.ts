import { z } from 'zod'

/** Shape of `data/capabilities.json`, which is kept by hand. Each member is described in `ir/capabilities.ts`. */

const serverTools = z.array(
  z.enum([
    'web-search',
    'web-fetch',
    'code-execution',
    'shell',
    'text-editor',
    'file-search',
    'image-generation',
    'computer',
    'mcp',
    'tool-search',
    'memory',
    'advisor',
    'other',
  ]),
)

const media = z.strictObject({
  images: z.boolean(),
  imageUrls: z.boolean(),
  pdf: z.boolean(),
  audio: z.boolean(),
  video: z.boolean(),
})

const reasoning = z.strictObject({
  control: z.enum(['none', 'effort', 'budget', 'adaptive', 'level']),
  efforts: z.array(z.string()),
  minBudget: z.int().min(0).optional(),
  maxBudget: z.int().min(0).optional(),
  canDisable: z.boolean(),
  readable: z.boolean(),
  onByDefault: z.boolean().optional(),
  chatOff: z.enum(['effort', 'thinking']).optional(),
})

const fields = {
  maxOutputTokens: z.int().positive().optional(),
  contextWindow: z.int().positive().optional(),
  minOutputTokens: z.int().positive(),
  chatLimitField: z.enum(['max_tokens', 'max_completion_tokens']),
  sampling: z.enum(['free', 'not-with-reasoning', 'defaults-only', 'refused']),
  temperatureOrTopP: z.boolean().optional(),
  prefill: z.boolean(),
  midSystem: z.boolean(),
  forcedToolWithReasoning: z.boolean(),
  forcedTools: z.boolean().optional(),
  strictTools: z.boolean(),
  jsonSchema: z.boolean(),
  jsonSchemaWithTools: z.boolean(),
  serverTools,
  serverToolsWithFunctions: z.boolean(),
  customTools: z.boolean(),
  maxTools: z.int().positive().optional(),
  callIds: z.boolean(),
  signaturesEnforced: z.boolean(),
  reasoningTextInHistory: z.boolean(),
  developerRole: z.boolean(),
  stopSequences: z.int().min(0),
  candidates: z.int().positive(),
  logprobs: z.boolean(),
  seed: z.boolean(),
  penalties: z.boolean(),
  cache: z.enum(['marks', 'breakpoints', 'implicit']),
  cacheKey: z.boolean(),
  verbosity: z.boolean(),
  requestFields: z.array(z.enum(['user', 'metadata', 'store', 'serviceTier'])).optional(),
}

const whole = z.strictObject({ ...fields, reasoning, input: media, toolResults: media })

const part = z
  .strictObject({
    ...fields,
    reasoning: reasoning.partial(),
    input: media.partial(),
    toolResults: media.partial(),
  })
  .partial()

const protocol = z.enum(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'])

const family = z.strictObject({
  id: z.string(),
  /** What this one says nothing of, it has of that one. */
  like: z.string().optional(),
  providers: z.array(z.string()).optional(),
  protocols: z.array(protocol).optional(),
  /** Model ids; `*` stands for any text. Absent: a family that others are like. */
  match: z.array(z.string()).optional(),
  /** The provider whose list knows these models' limits, whoever serves them. */
  vendor: z.string().optional(),
  capabilities: part,
  only: z.partialRecord(protocol, part).optional(),
  source: z.string().min(1),
  date: z.iso.date(),
})

export const capabilityData = z.strictObject({
  note: z.string(),
  date: z.iso.date(),
  defaults: z.record(protocol, whole),
  families: z.array(family),
})

export type CapabilityData = z.infer<typeof capabilityData>
export type CapabilityFamily = z.infer<typeof family>
export type PartialCapabilities = z.infer<typeof part>
