import type { CorpusRecord } from '../../../test/support/corpus.ts'
import type { Difference, NamedDifference } from '../../../test/support/differences.ts'
import { protocolLaws } from '../../../test/support/protocol-laws.ts'
import { anthropicMessages } from './index.ts'

const hasProof = (record: CorpusRecord): boolean => record.anomalies.length === 0

const missing = (at: string, reason: string): NamedDifference => ({ at, change: 'missing', reason })

const only = (reason: string, paths: readonly string[]): readonly NamedDifference[] =>
  paths.map((at) => missing(at, reason))

const isType = (value: unknown, types: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && 'type' in value && types.includes(String(value.type))

/** Blocks without a canonical word live in their raw slice alone. */
const opaqueTypes = ['compaction', 'fallback', 'container_upload', 'tool_addition', 'mcp_tool_listing']

const opaqueFirst = 'an opaque first block is gone, so the text behind it moves up'

const bareBlocks: readonly NamedDifference[] = [
  {
    at: '**content[*]',
    change: 'missing',
    reason: 'an opaque block lives in its raw slice',
    when: ({ expected }) => isType(expected, opaqueTypes),
  },
  {
    at: '**content[0].type',
    change: 'changed',
    reason: opaqueFirst,
    when: ({ expected, actual }) => expected === 'compaction' && actual === 'text',
  },
  { at: '**content[0].text', change: 'added', reason: opaqueFirst },
  {
    at: '**content[0].content',
    change: 'missing',
    reason: opaqueFirst,
    when: ({ expected }) => typeof expected === 'string',
  },
  {
    at: '**content[1]',
    change: 'missing',
    reason: opaqueFirst,
    when: ({ expected }) => isType(expected, ['text']),
  },
]

const toolsetName = missing('**content[*].toolset_name', 'only this protocol has toolsets')

const movedUp = 'the billing note is no part of the canonical request, so the blocks behind it move up'

const bareRequest: readonly NamedDifference[] = [
  ...only('only this protocol has a word for it', [
    'container',
    'context_management',
    'diagnostics',
    'inference_geo',
    'mcp_servers',
    'speed',
    'output_config.task_budget',
    'messages[*].content[*].cache_control.scope',
    'tools[*].allowed_callers',
    'tools[*].eager_input_streaming',
    'tools[*].input_examples',
  ]),
  {
    at: 'output_config',
    change: 'missing',
    reason: 'held nothing but a task budget',
    when: ({ expected }) => hasOnly(expected, 'task_budget'),
  },
  toolsetName,
  {
    at: 'messages[*].content',
    change: 'missing',
    reason: 'a system message of opaque blocks has nothing left to say',
    when: ({ expected }) =>
      Array.isArray(expected) && expected.every((block) => isType(block, ['tool_addition'])),
  },
  ...bareBlocks,
  {
    at: 'stream',
    change: 'missing',
    reason: 'the default is not spelled out',
    when: ({ expected }) => expected === false,
  },
  { at: 'tools', change: 'missing', reason: 'no tools and an empty list are the same', when: isEmptyList },
  {
    at: 'tools[*].type',
    change: 'missing',
    reason: 'the default is not spelled out',
    when: ({ expected }) => expected === 'custom',
  },
  {
    at: 'output_format',
    change: 'missing',
    reason: 'a word that the API does not know',
    when: ({ expected }) => expected === 'markdown',
  },
  missing('output_format', 'the beta spelling becomes output_config.format'),
  {
    at: 'output_config',
    change: 'added',
    reason: 'the beta spelling becomes output_config.format',
    when: ({ actual }) => hasOnly(actual, 'format'),
  },
  {
    at: 'system[*].text',
    change: 'changed',
    reason: movedUp,
    when: ({ expected }) => /^x-anthropic-billing-header:|^You are a Claude agent/.test(String(expected)),
  },
  {
    at: 'system[0].cache_control',
    change: 'added',
    reason: movedUp,
    when: ({ actual }) => isType(actual, ['ephemeral']),
  },
  { at: 'system[2]', change: 'missing', reason: movedUp, when: ({ expected }) => isType(expected, ['text']) },
]

const bareResponse: readonly NamedDifference[] = [
  ...only('only this protocol has a word for it', [
    'container',
    'context_management',
    'usage.inference_geo',
    'usage.iterations',
    'content[*].caller',
  ]),
  toolsetName,
  {
    at: 'content[*].citations[*].encrypted_index',
    change: 'changed',
    reason: 'state of the provider; required, so it is empty',
    when: ({ actual }) => actual === '',
  },
  ...['content[*].citations', 'stop_details'].map(
    (at): NamedDifference => ({
      at,
      change: 'missing',
      reason: 'null members are left out for clients of 2023-06-01',
      when: ({ expected }) => expected === null,
    }),
  ),
  {
    at: 'stop_details',
    change: 'missing',
    reason: 'details that explain nothing',
    when: ({ expected }) => isType(expected, ['refusal']),
  },
  ...bareBlocks.slice(1),
]

const cut = 'message_start demands two numbers; a cut stream never tells better ones'

const bareStream: readonly NamedDifference[] = [
  {
    at: 'response.choices[0].parts[0].type',
    change: 'changed',
    reason: opaqueFirst,
    when: ({ expected, actual }) => expected === 'opaque' && actual === 'text',
  },
  { at: 'response.choices[0].parts[0].text', change: 'added', reason: opaqueFirst },
  {
    at: 'response.choices[0].parts[0].name',
    change: 'missing',
    reason: opaqueFirst,
    when: ({ expected }) => opaqueTypes.includes(String(expected)),
  },
  {
    at: 'response.choices[0].parts[1]',
    change: 'missing',
    reason: opaqueFirst,
    when: ({ expected }) => isType(expected, ['text']),
  },
  {
    at: 'response.model',
    change: 'changed',
    reason: 'which model took over stands in the opaque fallback block',
    when: ({ expected, actual }) => expected === 'claude-sonnet-4-5' && actual === 'claude-opus-4-7',
  },
  {
    at: 'response.model',
    change: 'added',
    reason: 'a message has a model: the requested one, where the provider named none',
    when: ({ actual }) => actual === 'recorded-model',
  },
  missing('response.choices[0].finish', 'the stop reason goes out with message_stop, which never came'),
  ...['inputTokens', 'outputTokens'].map(
    (counter): NamedDifference => ({
      at: `response.usage.${counter}`,
      change: 'changed',
      reason: cut,
      when: ({ actual }) => actual === 0,
    }),
  ),
  ...['cacheReadTokens', 'cacheWriteTokens', 'cacheWriteLongTokens'].map(
    (counter): NamedDifference => ({
      at: `response.usage.${counter}`,
      change: 'missing',
      reason: cut,
      when: ({ expected }) => expected === 0,
    }),
  ),
]

function hasOnly(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === key
}

function isEmptyList({ expected }: Difference): boolean {
  return Array.isArray(expected) && expected.length === 0
}

function withoutBreaks(source: unknown): string {
  return String(source).replace(/\n\s*/g, '')
}

/** Ids, names, enum words, marks and media. */
const notTextKeys = new Set([
  'model',
  'type',
  'id',
  'tool_use_id',
  'name',
  'tool_name',
  'file_id',
  'user_id',
  'signature',
  'encrypted_content',
  'encrypted_index',
  'media_type',
  'format',
  '$schema',
  '$ref',
  'required',
  'skill_id',
  'previous_message_id',
  'container',
  'authorization_token',
  'mcp_server_name',
  'allowed_callers',
  'page_age',
  'allowed_domains',
  'blocked_domains',
  'timezone',
])

const isMedia = (path: string, text: string): boolean =>
  path.endsWith('source.data') && /^[A-Za-z0-9+/]+=*$/.test(text)

protocolLaws({
  protocol: anthropicMessages,
  corpus: 'anthropic',
  recordings: ({ method, path }) => method === 'POST' && path === '/v1/messages',
  pathOf: () => '/v1/messages',
  isCompleteStream: hasProof,
  mustConform: (record) => record.dialect === 'anthropic' && hasProof(record),
  isNotText: (path, key, text) =>
    notTextKeys.has(key) || isMedia(path, text) || path.endsWith('source.url') || /^mcp_servers\b/.test(path),
  differences: {
    bareRequest,
    bareResponse,
    stream: [
      {
        at: '[*].data.content_block.input',
        change: 'added',
        reason: 'a tool_use starts with an empty input, also where the server left it out',
        when: ({ actual }) => hasOnly(actual, ''),
      },
    ],
    bareStream,
    roundTrip: [
      {
        at: 'response.choices[0].parts[*].output',
        change: 'changed',
        reason: 'line breaks between tokens go, so that the data of an event is one line',
        when: ({ expected, actual }) => withoutBreaks(expected) === actual,
      },
    ],
    error: [
      { at: 'request_id', change: 'changed', reason: 'the request id is ours' },
      {
        at: '',
        change: 'changed',
        reason: 'an HTML page becomes an error of the protocol',
        when: ({ expected }) => String(expected).startsWith('<html>'),
      },
    ],
  },
})
