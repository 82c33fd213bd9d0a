import type { NamedDifference } from '../../../test/support/differences.ts'
import { type NamedDifferences, protocolLaws } from '../../../test/support/protocol-laws.ts'
import { openaiChat } from './index.ts'

/** Members that the canonical form has no word for: one row each, so that a new one shows. */
const unsaid = (reason: string, ...paths: readonly string[]): readonly NamedDifference[] =>
  paths.map((at) => ({ at, change: 'missing', reason }))

const isEmpty = ({ expected }: { readonly expected: unknown }): boolean =>
  expected === null || expected === '' || (Array.isArray(expected) && expected.length === 0)

/** What is missing was null, an empty string or an empty list. */
const saysNothing = (at: string): NamedDifference => ({
  at,
  change: 'missing',
  reason: 'an empty member says nothing',
  when: isEmpty,
})

const respelled = (reason: string, from: string, to: string): readonly NamedDifference[] => [
  { at: from, change: 'missing', reason },
  { at: to, change: 'added', reason },
]

const sameId: NamedDifference = {
  at: 'response.id',
  change: 'changed',
  reason: 'a foreign id gets the prefix of ours',
}

const created = (at: string): NamedDifference => ({
  at,
  change: 'added',
  reason: 'the type requires it; the recording has none',
})

const namedDifferences: NamedDifferences = {
  bareRequest: [
    {
      at: 'stream',
      change: 'missing',
      reason: 'absent means false',
      when: ({ expected }) => expected === false,
    },
    ...respelled('the newer name of the limit', 'max_tokens', 'max_completion_tokens'),
    ...respelled('the newer name of the user', 'user', 'safety_identifier'),
    ...respelled('one spelling of effort', 'reasoning', 'reasoning_effort'),
    { at: 'stop', change: 'changed', reason: 'one string is a list of one' },
    { at: 'tool_choice', change: 'changed', reason: 'Mistral says any for required' },
    { at: 'tools*', change: 'added', reason: 'functions are tools' },
    { at: 'tools[*]', change: 'added', reason: 'functions are tools' },
    { at: 'tools[*].type', change: 'added', reason: 'the type that a dialect left out' },
    ...unsaid('functions are tools', 'functions'),
    {
      at: 'function_call',
      change: 'missing',
      reason: 'the choice of tools is automatic, as function_call was',
    },
    saysNothing('tools'),
    saysNothing('messages[*].*'),
    saysNothing('messages[*].content[*].*'),
    { at: 'messages[*].content', change: 'added', reason: 'absent content is null' },
    {
      at: 'messages[*].content',
      change: 'changed',
      reason: 'a lone refusal stands beside the content',
      when: ({ expected }) => JSON.stringify(expected).includes('"refusal"'),
    },
    { at: 'messages[*].refusal', change: 'added', reason: 'a lone refusal stands beside the content' },
    {
      at: 'messages[*].content',
      change: 'changed',
      reason: 'an empty list is null',
      when: isEmpty,
    },
    {
      at: 'messages[*].content',
      change: 'changed',
      reason: 'a text with a cache mark is a list with a part',
      when: ({ actual }) => JSON.stringify(actual).includes('prompt_cache_breakpoint'),
    },
    ...respelled(
      'one spelling of cache marks',
      'messages[*].content[*].cache_control',
      'messages[*].content[*].prompt_cache_breakpoint',
    ),
    ...unsaid(
      'one spelling of cache marks; calls and tools have none here',
      'messages[*].cache_control',
      'messages[*].tool_calls[*].cache_control',
      'tools[*].cache_control',
    ),
    ...respelled(
      'thoughts stand beside the content',
      'messages[*].content[*].thinking',
      'messages[*].reasoning_content',
    ),
    { at: 'messages[*].content[*].*', reason: 'thoughts stand beside the content', when: isShifted },
    { at: 'messages[*].content[*]', change: 'missing', reason: 'thoughts stand beside the content' },
    ...unsaid('one spelling of thoughts', 'messages[*].reasoning'),
    ...unsaid(
      "dialects' members",
      'messages[*].prefix',
      'messages[*].reasoning_signature',
      'messages[*].tool_calls[*].index',
      'tools[*].function.requires_confirmation',
      'tools[*].function.external_execution',
      'enable_thinking',
      'clear_thinking',
      'thinking',
      'reasoning_format',
      'random_seed',
      'provider',
      'search_settings',
    ),
    ...unsaid(
      'no other protocol has it',
      'modalities',
      'audio',
      'prediction',
      'stream_options.include_obfuscation',
    ),
  ],
  bareResponse: [
    { at: 'id', change: 'changed', reason: 'a foreign id gets the prefix of ours' },
    created('created'),
    { at: 'choices[*].logprobs', change: 'added', reason: 'null where a dialect leaves it out' },
    { at: 'choices[*].message.refusal', change: 'added', reason: 'null where a dialect leaves it out' },
    { at: 'choices[*].message', change: 'added', reason: 'a message where there was a delta' },
    { at: 'choices[*].logprobs', change: 'changed', reason: 'the canonical form has no log probabilities' },
    { at: 'choices[*].message.content', change: 'changed', reason: 'empty content is null', when: isEmpty },
    {
      at: 'choices[*].message.refusal',
      change: 'changed',
      reason: 'an empty refusal is null',
      when: isEmpty,
    },
    {
      at: 'choices[*].message.content',
      change: 'changed',
      reason: 'thoughts stand beside the content',
      when: ({ expected }) => Array.isArray(expected),
    },
    { at: 'choices[*].finish_reason', change: 'changed', reason: 'the word for calls', when: isCallWord },
    saysNothing('choices[*].message.*'),
    saysNothing('choices[*].*'),
    saysNothing('usage.*'),
    saysNothing('*'),
    ...respelled(
      'one spelling of thoughts',
      'choices[*].message.reasoning',
      'choices[*].message.reasoning_content',
    ),
    ...['text', 'summary', 'data', 'type'].map((key) => ({
      at: `choices[*].message.reasoning_details[*].${key}`,
      reason: 'details keep the state; their text is said once',
    })),
    ...unsaid(
      'details keep the state; their text is said once',
      'choices[*].message.reasoning_details[*]',
      'choices[*].message.reasoning_details[*].format',
      'choices[*].message.reasoning_details[*].id',
    ),
    ...respelled('functions are tools', 'choices[*].message.function_call', 'choices[*].message.tool_calls'),
    {
      at: 'choices[*].message.tool_calls[*].type',
      change: 'added',
      reason: 'the type that a dialect left out',
    },
    {
      at: 'usage.prompt_tokens_details',
      change: 'added',
      reason: 'cache counters of a dialect in their place',
    },
    {
      at: 'usage.prompt_tokens_details.cache_write_tokens',
      change: 'added',
      reason: 'cache counters of a dialect in their place',
    },
    ...unsaid(
      'cache counters of a dialect in their place',
      'usage.prompt_tokens_details.cache_creation_input_tokens',
      'usage.cache_read_input_tokens',
      'usage.cache_creation_input_tokens',
      'usage.prompt_cache_hit_tokens',
      'usage.prompt_cache_miss_tokens',
      'usage.num_cached_tokens',
    ),
    ...unsaid(
      'no other protocol has it',
      'system_fingerprint',
      'moderation',
      'usage.completion_tokens_details.accepted_prediction_tokens',
      'usage.completion_tokens_details.rejected_prediction_tokens',
      'usage.completion_tokens_details.text_tokens',
      'usage.prompt_tokens_details.text_tokens',
      'usage.prompt_tokens_details.video_tokens',
      'choices[*].message.audio.expires_at',
      'choices[*].message.audio.id',
    ),
    ...unsaid(
      "dialects' members",
      'provider',
      'choices[*].native_finish_reason',
      'choices[*].delta',
      'choices[*].content_filter_results',
      'choices[*].message.audio',
      'choices[*].message.annotations',
      'choices[*].message.executed_tools',
      'choices[*].message.tool_calls[*].index',
      'choices[*].message.tool_calls[*].custom',
      'prompt_filter_results',
      'usage_breakdown',
      'x_groq',
      'time_info',
      'metadata',
      'request_id',
      'citations',
      'search_results',
      'usage.cost',
      'usage.cost_details',
      'usage.is_byok',
      'usage.server_tool_use_details',
      'usage.completion_time',
      'usage.prompt_time',
      'usage.queue_time',
      'usage.total_time',
      'usage.draft_tokens',
      'usage.draft_tokens_acceptance',
      'usage.prompt_tokens_per_second',
      'usage.time_per_output_token_ms',
      'usage.time_to_first_token_ms',
      'usage.tokens_per_second',
      'usage.audio_prompt_tokens',
      'usage.num_sources_used',
      'usage.search_context_size',
      'usage.service_tier',
    ),
  ],
  bareStream: [
    sameId,
    created('response.model'),
    created('response.created'),
    { at: 'error.status', change: 'missing', reason: 'an error chunk has no status' },
    { at: 'error.type', change: 'added', reason: 'the error object always has a type' },
    {
      at: 'response.usage',
      change: 'missing',
      reason: 'a stream that fails says no usage behind its error',
    },
    {
      at: 'response.choices[*].finish',
      change: 'missing',
      reason: 'a stream that fails behind its finish reason does not look like a whole one',
    },
  ],
  roundTrip: [sameId, created('response.created')],
}

function isShifted({
  path,
  expected,
  actual,
}: {
  path: string
  expected: unknown
  actual: unknown
}): boolean {
  return path.endsWith('.type') ? expected === 'thinking' && actual === 'text' : path.endsWith('.text')
}

function isCallWord({ expected, actual }: { expected: unknown; actual: unknown }): boolean {
  return (expected === '' || expected === 'function_call') && actual === 'tool_calls'
}

const namesAndWords = new Set([
  'model',
  'name',
  'id',
  'type',
  'tool_call_id',
  'url',
  'image_url',
  'document_url',
  'file_data',
  'data',
  'prompt_cache_key',
  'prompt_cache_retention',
  '$schema',
  '$ref',
  'required',
  'enum',
  'stop',
  'exclude_domains',
])

protocolLaws({
  protocol: openaiChat,
  corpus: 'chat',
  recordings: ({ method, path }) => method === 'POST' && path.endsWith('/chat/completions'),
  pathOf: () => '/v1/chat/completions',
  fullReply: (reply) => ({ ...reply, request: { ...reply.request, streamUsage: true } }),
  differences: namedDifferences,
  isCompleteStream: (record) =>
    !record.anomalies.includes('ends-with-error') && !record.anomalies.includes('no finish_reason'),
  mustConform: (record) =>
    record.anomalies.length === 0 && (record.dialect === 'openai' || record.dialect === 'authored'),
  isNotText: (_path, key) => namesAndWords.has(key),
})
