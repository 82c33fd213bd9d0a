import type { NamedDifference } from '../../../test/support/differences.ts'
import { type NamedDifferences, protocolLaws } from '../../../test/support/protocol-laws.ts'
import { openaiResponses } from './index.ts'

const rows = (
  change: NonNullable<NamedDifference['change']>,
  reason: string,
  paths: readonly string[],
): readonly NamedDifference[] => paths.map((at) => ({ at, change, reason }))

const wordless = 'the canonical form has no word for it'
const filled = 'written because the type wants it'
const created = 'ids that are not part of the canonical form are made anew'
const nothing = 'null, false or an empty list say the same as nothing'
const repeated =
  "the upstream's own echo of the request; ours repeats what was asked, with null for the unknown"

/** What the canonical form alone cannot say again. Every row occurs in the corpus or the recordings. */
const differences: NamedDifferences = {
  error: [
    { at: 'error', change: 'changed', reason: 'xAI says its error as a string; clients get an object' },
  ],
  bareRequest: [
    ...rows('missing', wordless, [
      'client_metadata',
      'context_management',
      'generate',
      'include',
      'include[*]',
      'prompt',
      'reasoning.context',
      'truncation',
      'type',
      'input[*].internal_chat_message_metadata_passthrough',
      'input[*].phase',
      'input[*].status',
      'input[*].content[*].logprobs',
    ]),
    ...rows('missing', nothing, [
      'input',
      'previous_response_id',
      'reasoning',
      'reasoning.summary',
      'stream',
      'text',
      'tools',
      'input[*].content',
      'tools[*].description',
      'tools[*].strict',
    ]),
    ...rows('missing', created, ['input[*].id']),
    ...rows('changed', wordless, ['input[*].container_id']),
    { at: 'input', change: 'changed', reason: 'one string and one user message are the same input' },
    { at: 'input[*]', change: 'missing', reason: 'an opaque item lives in its source alone' },
    { at: 'include[*]', change: 'changed', reason: 'only the wish for log probabilities is canonical' },
    { at: 'input[*].execution', change: 'changed', reason: 'who searches is not canonical' },
    ...rows('added', filled, [
      'input[*].type',
      'input[*].content[*].annotations',
      'input[*].result',
      'input[*].status',
    ]),
    { at: 'input[*].content[*].text', change: 'missing', reason: 'a refusal is written under its own key' },
    { at: 'input[*].content[*].refusal', change: 'added', reason: 'a refusal is written under its own key' },
  ],
  bareResponse: [
    ...rows('added', filled, [
      'access_programs',
      'output[*].content[*].logprobs',
      'usage.input_tokens_details.cache_write_tokens',
    ]),
    ...rows('changed', created, ['id', 'output[*].id']),
    ...rows('changed', wordless, ['output[*].container_id']),
    ...rows('missing', wordless, [
      'billing',
      'content_filters',
      'frequency_penalty',
      'input',
      'moderation',
      'presence_penalty',
      'prompt_cache_retention',
      'status_details',
      'tool_calls',
      'total_tokens',
      'output[*].approval_request_id',
      'output[*].background',
      'output[*].caller',
      'output[*].content',
      'output[*].content[*].annotations[*].container_id',
      'output[*].content[*].logprobs[*]',
      'output[*].error',
      'output[*].fingerprint',
      'output[*].phase',
      'output[*].quality',
      'output[*].size',
      'output[*].status',
      'tool_usage.image_gen.output_tokens_details',
      'usage.context_details',
      'usage.cost_in_usd_ticks',
      'usage.num_server_side_tools_used',
      'usage.num_sources_used',
    ]),
    ...rows('missing', nothing, ['tool_usage']),
    { at: 'output[*]', change: 'missing', reason: 'an opaque item lives in its source alone' },
    { at: 'output[*].status', change: 'changed', reason: 'only a length stop makes an item unfinished' },
    { at: 'status', change: 'changed', reason: '`queued` is an answer that has not begun' },
    ...['added', 'changed'].map((change) => ({
      at: 'completed_at',
      change: change as 'added' | 'changed',
      reason: 'the time at which we write it',
    })),
    ...rows('added', repeated, [
      'background',
      'max_output_tokens',
      'max_tool_calls',
      'previous_response_id',
      'prompt_cache_key',
      'reasoning',
      'safety_identifier',
      'store',
      'temperature',
      'text',
      'text.verbosity',
      'tool_choice',
      'tools',
      'top_logprobs',
      'top_p',
      'truncation',
    ]),
    ...rows('changed', repeated, [
      'reasoning',
      'reasoning.effort',
      'reasoning.summary',
      'store',
      'temperature',
      'text.verbosity',
      'tool_choice',
      'top_p',
    ]),
    ...rows('missing', repeated, [
      'metadata.system_fingerprint',
      'reasoning.context',
      'reasoning.mode',
      'text.format.description',
      'user',
    ]),
    { at: 'tools[*]**', reason: repeated },
  ],
  bareStream: [
    { at: 'error.type', change: 'added', reason: filled },
    {
      at: 'response.model',
      change: 'added',
      reason: 'an answer without a model gets the one that was asked for',
    },
    { at: 'response.id', change: 'changed', reason: 'an id of another shape gets ours' },
    { at: 'response.usage.cacheWriteTokens', change: 'added', reason: filled },
    {
      at: 'response.choices[0].parts[*].text',
      change: 'changed',
      reason: 'two messages in a row are one text, as of other protocols',
      when: ({ expected, actual }) => String(actual).startsWith(String(expected)),
    },
    { at: 'response.choices[0].parts[*]', change: 'missing', reason: 'two messages in a row are one text' },
  ],
  roundTrip: [
    { at: 'response.id', change: 'changed', reason: 'an id of another shape gets ours' },
    {
      at: 'response.serviceTier',
      change: 'missing',
      reason: '`auto` at the start of a stream only repeats what was asked for',
      when: ({ expected }) => expected === 'auto',
    },
  ],
}

/** Streams that their collectors shortened by hand: they do break the grammar. */
const shortened = new Set([
  // One of four items never says that it is done.
  'pyai-test-openai-responses-test-openai-responses-model-mcp-list-tools-stream-backfills-missing-results-0',
  // Numbers, items and deltas were left out.
  'vercel-openai-openai-custom-tool-1-stream',
  'vercel-openai-openai-phase-1-stream',
  'vercel-openai-openai-shell-container-1-stream',
])

protocolLaws({
  protocol: openaiResponses,
  corpus: 'responses',
  recordings: ({ method, path }) => (method === 'POST' || method === 'WS') && path === '/v1/responses',
  pathOf: () => '/v1/responses',
  differences,
  isErrorAnswer: (record) => record.features.includes('status:failed'),
  isCompleteStream: (record) =>
    record.frames.some((frame) => /"type":\s*"response\.(?:completed|incomplete)"/.test(frame.data)),
  mustConform: (record) =>
    (record.dialect === 'openai' || record.dialect === 'authored') &&
    record.anomalies.length === 0 &&
    !shortened.has(record.name),
  isNotText: (path, key) =>
    noTextKeys.has(key) ||
    noTextRoots.some((root) => path === root || path.startsWith(`${root}.`) || path.startsWith(`${root}[`)) ||
    noTextPaths.some((pattern) => pattern.test(path)),
})

/** Ids, names, words of an enumeration, media, state, and addresses that are fetched. */
const noTextKeys = new Set([
  'type',
  'id',
  'call_id',
  'name',
  'namespace',
  'role',
  'status',
  'phase',
  'encrypted_content',
  'file_data',
  'file_id',
  'file_url',
  'image_url',
  'container_id',
  'server_label',
  'server_url',
])

/** Settings, and what the client tells the provider about itself. */
const noTextRoots = [
  'client_metadata',
  'context_management',
  'conversation',
  'include',
  'metadata',
  'model',
  'moderation',
  'previous_response_id',
  'prompt_cache_key',
  'prompt.id',
  'prompt.version',
]

const noTextPaths = [
  // A tool's own settings: grammars, stores, keys and headers for the provider.
  /^(?:input\[\d+\]\.)?tools\[\d+\](?:\.tools\[\d+\])?\.(?:format|vector_store_ids|headers|authorization|user_location|environment|container)(?:[.[]|$)/,
  /\.(?:parameters|schema)(?:\..*)?\.(?:required\[\d+\]|\$schema|\$ref)$/,
  /internal_chat_message_metadata_passthrough/,
]
