/** What a request does not say again after a way there and back, between models that take everything. */
import { isJsonObject } from '../../src/ir/index.ts'
import type { Difference } from '../support/differences.ts'
import { type Loss, loss, losses, protocol } from './journeys.ts'

const { chat, responses, messages, gemini } = protocol
const openai = [chat, responses]

const expects =
  (...values: readonly unknown[]) =>
  ({ expected }: Difference): boolean =>
    values.some((value) => Bun.deepEquals(value, expected))

const becomes =
  (...values: readonly unknown[]) =>
  ({ actual }: Difference): boolean =>
    values.some((value) => Bun.deepEquals(value, actual))

const member = (value: unknown, key: string): string => (isJsonObject(value) ? String(value[key] ?? '') : '')

const says =
  (pattern: RegExp) =>
  ({ expected, actual }: Difference): boolean =>
    pattern.test(member(expected ?? actual, 'text'))

const isSystem = ({ expected }: Difference): boolean => member(expected, 'role') === 'system'

const conversation: readonly Loss[] = [
  loss('parts.text', 'system text between turns becomes a wrapped part of the user', {
    change: 'missing',
    abroad: [messages, gemini],
    when: isSystem,
  }),
  loss('parts.text', 'system text between turns becomes a wrapped part of the user', {
    change: 'added',
    abroad: [messages, gemini],
    when: says(/^<system-reminder>/),
  }),
  loss('parts.text', 'JSON without a schema is asked for by a line of system text', {
    change: 'added',
    when: says(/^Respond with a single JSON object/),
  }),
  loss('parts.text', 'a compaction is asked for in words', {
    change: 'added',
    when: says(/^Summarize this conversation /),
  }),
  loss('parts.text', 'a document that the target does not take is a text between markers', {
    change: 'added',
    when: says(/^<document index=/),
  }),
  loss('parts.document', 'a document that the target does not take is a text between markers', {
    change: 'missing',
    abroad: [...openai, gemini, messages],
    when: ({ expected }) => !/"type":"file"/.test(JSON.stringify(expected)),
  }),
  loss('parts.text', 'a user’s turn that has nothing left to say', {
    change: 'added',
    when: says(/^\(empty\)$/),
  }),
  loss('parts.refusal', 'a refusal in the history is text', {
    change: 'missing',
    abroad: [messages, gemini],
  }),
  loss('parts.text', 'a refusal in the history is text', {
    change: 'added',
    abroad: [messages],
    home: [responses],
  }),
  loss('parts.text', 'a text without words says nothing', { change: 'missing', when: says(/^$/) }),
  loss('parts.text.text', 'parts of the model’s own words that follow each other are one', {
    abroad: [gemini],
    when: ({ expected, actual }) => String(actual).startsWith(String(expected)),
  }),
  loss('parts.text', 'parts of the model’s own words that follow each other are one', {
    change: 'missing',
    abroad: [gemini],
    when: ({ expected }) => member(expected, 'role') === 'assistant',
  }),
  loss('parts.reasoning', 'thoughts of one model are nothing that another would read', {
    change: 'missing',
    told: /^reasoning/,
  }),
  ...losses(
    ['parts.tool-call.state', 'parts.tool-call.state.value'],
    'Gemini’s own mark for a lost signature',
    {
      home: [gemini],
      told: /thought signature/,
    },
  ),
  loss('parts.opaque', 'only its own protocol has such a block', {
    change: 'missing',
    told: /compaction|tool_addition|tools|container_upload|opaque|tool_search|part|mcp/i,
  }),
  ...losses(
    ['parts.server-call', 'parts.server-result'],
    'a tool that ran at the provider has no place in the history',
    {
      change: 'missing',
      told: /call|result|found later/,
    },
  ),
  ...losses(['parts.image', 'parts.document'], 'Chat takes media only in messages of the user', {
    change: 'added',
    abroad: [chat],
    told: /in tool result/,
  }),
  loss('parts.image.detail', 'the default is spelled out', { change: 'added', when: becomes('auto') }),
  loss('parts.image.detail', 'the default is not spelled out', { change: 'missing', when: expects('auto') }),
  loss('parts.image.detail', 'no word for it there', {
    change: 'missing',
    abroad: [messages],
    told: /detail/,
  }),
  ...losses(
    ['parts.document', 'parts.image', 'parts.video'],
    'a file at an address, without a type, is a document',
    {
      when: ({ expected, actual }) => /"type":"url"/.test(JSON.stringify(expected ?? actual)),
    },
  ),
  ...losses(['parts.document.title', 'parts.tool-result.content[*].title'], 'a file must have a name there', {
    change: 'added',
    abroad: openai,
    when: becomes('document.pdf'),
  }),
  loss('parts.document.title', 'files have no names there', { abroad: [gemini] }),
  loss('parts.document.wantsCitations', 'no word for it there', { told: /document citations/ }),
  loss('parts.video', 'no word for it there', { change: 'missing', told: /video/ }),
]

const cacheMarks: readonly Loss[] = [
  ...losses(['**cache'], 'Gemini’s cache knows no marks', {
    change: 'missing',
    abroad: [gemini],
  }),
  loss('cache', 'caching of all that can be cached is how it is there', {
    change: 'missing',
    home: [messages],
  }),
  ...losses(['parts.*.cache', 'parts.tool-result.content[*].cache'], 'marks stand on texts and media there', {
    change: 'missing',
    abroad: openai,
  }),
  ...losses(['parts.tool-call.cache', 'parts.tool-result.cache'], 'marks stand on texts and media at home', {
    change: 'missing',
    home: [chat],
    told: /cache mark/,
  }),
  loss('tools.function.cache', 'marks stand on texts and media there', { change: 'missing', home: [chat] }),
  loss('parts.*.cache.ttl', 'the nearest life that there is'),
  loss('parts.tool-result.cache', 'a mark moved to the next part that can bear it', { change: 'added' }),
]

const calls: readonly Loss[] = [
  ...losses(['parts.tool-call.id', 'parts.tool-result.callId'], 'a call without an id gets one', {
    change: 'added',
    home: [chat, gemini],
  }),
  ...losses(
    ['parts.tool-call.id', 'parts.tool-result.callId'],
    'ids that are not taken there are made anew',
    {
      change: 'changed',
      when: ({ expected }) => String(expected).length > 40 || /[^\w-]/.test(String(expected)),
    },
  ),
  loss('parts.tool-result.name', 'results go by the id', { change: 'missing', home: [chat] }),
  loss('parts.tool-result.callId', 'a result that answers no call goes to the one of its name', {
    home: [gemini],
    when: expects('id'),
  }),
  ...losses(['parts.tool-call', 'parts.tool-result'], 'a search for tools is a call of the client’s own', {
    change: 'added',
    home: [responses],
    told: /found later|tool-search/,
  }),
  loss('parts.tool-call.input', 'no arguments are an empty object', { when: expects('', ' ') }),
  ...losses(
    ['parts.tool-call.kind', 'parts.tool-result.kind'],
    'free text is the one argument of a function there',
    {
      home: openai,
      abroad: [messages, gemini],
      when: expects('custom'),
    },
  ),
  loss('parts.tool-call.input', 'free text is the one argument of a function there', {
    home: openai,
    abroad: [messages, gemini],
    when: ({ expected, actual }) => actual === JSON.stringify({ input: expected }),
  }),
]

const results: readonly Loss[] = [
  loss('parts.tool-result.isError', 'no word for it there: the result itself says it', {
    change: 'missing',
    abroad: openai,
  }),
  loss('parts.tool-result.isError', 'the default is not spelled out', { when: expects(false) }),
  loss('parts.tool-result.content[*].detail', 'no word for it there', { told: /detail|in tool result/ }),
  loss('parts.tool-result.content[*].detail', 'the default is spelled out', {
    change: 'added',
    when: becomes('auto'),
  }),
  ...losses(
    ['type', 'text', 'source', 'json'].map((name) => `parts.tool-result.content[*].${name}`),
    'Chat takes media only in messages of the user: a line in the result says where',
    { abroad: [chat], told: /in tool result/ },
  ),
  loss('parts.tool-result.content[*]', 'an empty result is an empty text', {
    change: 'added',
    when: becomes({ type: 'text', text: '' }),
  }),
  loss('parts.tool-result.content[*].source.mediaType', 'read from the name or the bytes', {
    change: 'added',
  }),
  ...losses(['parts.tool-result.content[*].title'], 'files have no names there', { abroad: [gemini, chat] }),
  loss('parts.tool-result.content[*]', 'several texts of a result are one', { change: 'missing' }),
  loss('parts.tool-result.content[*].text', 'several texts of a result are one', {
    change: 'changed',
    when: ({ expected, actual }) => String(actual).startsWith(String(expected)),
  }),
  ...losses(
    ['type', 'text', 'json'].map((name) => `parts.tool-result.content[*].${name}`),
    'a value is its JSON text',
    {
      home: [gemini],
      when: ({ path, expected, actual }) =>
        path.endsWith('text') || expected === 'json' || actual === undefined,
    },
  ),
  ...losses(
    ['type', 'text', 'json'].map((name) => `parts.tool-result.content[*].${name}`),
    'a tool that was found is its name',
    {
      home: [messages],
      when: ({ actual, expected }) =>
        actual === 'text' || /tool_reference/.test(String(expected)) || actual !== '',
    },
  ),
  ...losses(
    ['title', 'url', 'source', 'wantsCitations'].map((name) => `parts.tool-result.content[*].${name}`),
    'a search result is a text between markers',
    { home: [messages], told: /document citations/ },
  ),
]

const longName = ({ expected }: Difference): boolean => member(expected, 'name').length > 40

const isToolset = ({ expected }: Difference): boolean => member(expected, 'wireType').includes('_toolset')

const tools: readonly Loss[] = [
  loss('tools.*.parameters.$schema', 'the dialect of a schema is nothing that models read', {
    change: 'missing',
  }),
  loss('tools.*', 'names that are too long there are cut', { change: 'missing', when: longName }),
  loss('tools.*', 'names that are too long there are cut', {
    change: 'added',
    when: ({ actual }) => /_[0-9a-f]{8}$/.test(member(actual, 'name')),
  }),
  loss('tools.function.description', 'what a namespace is for stands before each of its tools', {
    home: [responses],
    when: ({ expected, actual }) => String(actual).endsWith(String(expected ?? '')),
  }),
  loss('tools.function', 'tools that are not allowed are left out', {
    change: 'missing',
    told: /allowed tools/,
  }),
  loss('tools.function.deferLoading', 'all tools are there from the start', {
    change: 'missing',
    told: /deferred|found later|tool_search/,
  }),
  loss('tools.function', 'stands for tools that are loaded later, which is of no use there', {
    change: 'missing',
    home: [messages],
    when: ({ expected }) => member(expected, 'name') === 'DeferredToolPlaceholder',
  }),
  loss('tools.function.deferLoading', 'what was found already is there', {
    change: 'missing',
    home: [messages],
  }),
  ...losses(
    ['parameters', 'parameters.**'].map((at) => `tools.function.${at}`),
    'nothing and an empty object are the same',
    {
      when: ({ expected, actual }) => isEmptySchema(expected) && isEmptySchema(actual),
    },
  ),
  loss('tools.function.parameters.**.default', 'strict schemas have no defaults', {
    change: 'missing',
    home: [chat],
  }),
  loss('tools.function.strict', 'every forced or validated call keeps to the schema there', {
    abroad: [gemini],
  }),
  loss('tools.function.strict', 'the default is not spelled out', { when: expects(false) }),
  loss('tools.function.strict', 'the default is spelled out', { change: 'added', home: [responses] }),
  loss('tools.function.strict', 'validated calls are strict tools there', { home: [gemini], told: /strict/ }),
  ...losses(
    ['type', 'format', 'parameters', 'strict', 'description'].map((name) => `tools.custom.${name}`),
    'free text is the one argument of a function there',
    {
      home: openai,
      abroad: [messages, gemini],
    },
  ),
  ...losses(
    ['type', 'tool', 'wireType', 'config', 'description', 'parameters', 'strict'].map(
      (name) => `tools.server.${name}`,
    ),
    'a tool that the client runs is a function there',
    {
      when: ({ path, expected, actual }) =>
        path.endsWith('config') ? actual === undefined : expected !== actual,
    },
  ),
  loss('tools.server.config', 'the same settings, or their defaults, in our own spelling', {
    home: [responses, messages, gemini],
  }),
  loss('tools.server', 'no such tool there', {
    change: 'missing',
    told: /search|code|image_generation|mcp|computer|shell|file|fetch|googleMaps|urlContext|advisor|memory|text_editor|bash|tool|browser|programmatic|apply_patch/i,
  }),
  ...losses(['tools.server'], 'the newer name of the same tool', {
    when: ({ expected, actual }) =>
      /web_search_preview|mcp_toolset|"web_search"/.test(JSON.stringify(expected ?? actual)),
  }),
  loss('tools.server', 'a set of tools is its single functions', { change: 'missing', when: isToolset }),
  loss('tools.function', 'a set of tools is its single functions', { change: 'added', home: [messages] }),
]

const isEmptySchema = (value: unknown): boolean =>
  value === undefined ||
  value === false ||
  value === 'object' ||
  (Array.isArray(value) && value.length === 0) ||
  (isJsonObject(value) &&
    Object.entries(value).every(
      ([key, inner]) =>
        ['type', 'properties', 'required', 'additionalProperties', '$schema'].includes(key) &&
        (typeof inner === 'string' || isEmptySchema(inner)),
    ))

const choice: readonly Loss[] = [
  loss('toolChoice', 'what is usual is not spelled out', {
    change: 'missing',
    when: expects({ type: 'auto' }),
  }),
  loss('toolChoice', 'what is usual is spelled out', { change: 'added', when: becomes({ type: 'auto' }) }),
  loss('toolChoice', 'there are no tools to choose from', {
    change: 'missing',
    told: /^(code_interpreter|image_generation|forced tool)/,
  }),
  loss('toolChoice', 'nothing is chosen', {
    change: 'missing',
    home: [gemini],
    when: expects({ type: 'other' }),
  }),
  ...losses(
    ['type', 'mode', 'names', 'name', 'kind'].map((name) => `toolChoice.${name}`),
    'a subset is all that there is, or its one tool',
    {
      abroad: [messages, gemini, ...openai],
    },
  ),
  loss('parallelToolCalls', 'no word for it there', {
    change: 'missing',
    abroad: [gemini],
    told: /parallel tool calls/,
  }),
  loss('parallelToolCalls', 'the default is not spelled out', { change: 'missing', when: expects(true) }),
]

/** The nearest that there is. */
const told = (feature: RegExp) => ({ told: feature })

const settings: readonly Loss[] = [
  loss('maxOutputTokens', 'a limit is demanded there', { change: 'added', abroad: [messages] }),
  loss('maxOutputTokens', 'the least that is taken there', { change: 'changed', ...told(/output limit/) }),
  loss('sampling.topK', 'the default is not spelled out', {
    change: 'missing',
    home: [gemini],
    when: expects(64),
  }),
  loss('sampling.topK', 'no word for it there', told(/top_?k|sampling/i)),
  loss('sampling.seed', 'no word for it there', told(/seed/)),
  loss('sampling.*Penalty', 'nothing and none are the same', { change: 'missing', when: expects(0) }),
  loss('sampling.*Penalty', 'no word for it there, or a narrower range', told(/penalty/i)),
  loss('sampling.logitBias', 'no word for it there', told(/logit bias/)),
  loss('sampling.logprobs', 'the default is not spelled out', { change: 'missing', when: expects(false) }),
  ...losses(['sampling.logprobs', 'sampling.topLogprobs'], 'no word for it there', told(/log probabilities/)),
  loss('sampling.candidates', 'the default is not spelled out', { change: 'missing', when: expects(1) }),
  loss('sampling.candidates', 'no word for it there', told(/candidates|several answers/)),
  loss('sampling.stop', 'an empty list is not spelled out', { change: 'missing', when: expects([]) }),
  loss('sampling.stop', 'the gateway cuts the answer itself', { change: 'missing', abroad: [responses] }),
  loss('sampling.temperature', 'the default is not spelled out', { change: 'missing', when: expects(1) }),
  ...losses(
    ['sampling.temperature', 'sampling.topP'],
    'a narrower range there, or none beside thinking',
    told(/temperature|sampling/),
  ),
  loss('metadata', 'no word for it there', told(/metadata/)),
  loss('verbosity', 'no word for it there', told(/verbosity/)),
  loss('moderation', 'a score that nobody would give there', told(/moderation/)),
  loss('user', 'no word for it there', { change: 'missing', abroad: [gemini] }),
  loss('user', 'names that are too long there become their hash', {
    change: 'changed',
    abroad: openai,
    when: ({ actual }) => /^[0-9a-f]{64}$/.test(String(actual)),
  }),
  loss('serviceTier', 'no such tier there', told(/service tier/)),
  loss('serviceTier', 'priority is what the automatic tier gives there', {
    abroad: [messages],
    when: expects('priority'),
  }),
  loss('store', 'another provider stores nothing of the gateway’s', {
    change: 'added',
    when: becomes(false),
  }),
  loss('streamUsage', 'usage is always asked for', { change: 'added', when: becomes(true) }),
  ...losses(['promptCacheKey', 'promptCacheOptions'], 'the gateway makes a key of its own', {
    home: openai,
    abroad: [messages, gemini],
  }),
  loss('output', 'text is what there is without a word', {
    change: 'missing',
    when: expects({ type: 'text' }),
  }),
  loss('output', 'JSON without a schema is asked for by a line of system text', {
    abroad: [messages],
    ...told(/json output/),
  }),
  ...losses(['output.name', 'output.description'], 'schemas have no names there', {
    home: openai,
    abroad: [messages, gemini],
  }),
  loss('output.strict', 'the schema does not fit strict decoding', told(/json schema output/)),
  loss('output.schema', 'objects are closed there', { abroad: [messages] }),
]

const reasoning: readonly Loss[] = [
  loss('reasoning.budgetTokens', 'a number of tokens becomes an effort', { change: 'missing' }),
  loss('reasoning.effort', 'a number of tokens becomes an effort', { change: 'added' }),
  loss('reasoning.effort', 'no such effort there', told(/reasoning/)),
  loss('reasoning.mode', 'newer models decide themselves how much they think', {
    home: [messages],
    when: ({ expected }) => expected === 'enabled' || expected === undefined,
  }),
  loss('reasoning.mode', 'this model cannot be kept from thinking', told(/reasoning off/)),
  loss('reasoning.mode', 'models of that protocol think when nothing is said', {
    home: [chat],
    change: 'missing',
  }),
  loss('reasoning.display', 'no word for it there', { change: 'missing', abroad: openai }),
  loss('reasoning.display', 'no word for it there', told(/readable thoughts/)),
  loss('reasoning', 'nothing is said of how much to think', {
    change: 'missing',
    when: ({ expected }) => isJsonObject(expected) && Object.keys(expected).every((key) => key === 'display'),
  }),
]

export const requestLosses: readonly Loss[] = [
  ...conversation,
  ...cacheMarks,
  ...calls,
  ...results,
  ...tools,
  ...choice,
  ...settings,
  ...reasoning,
]
