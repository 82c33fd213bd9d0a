import { type NamedDifferences, protocolLaws } from '../../../test/support/protocol-laws.ts'
import { gemini } from './index.ts'

const spelling = 'snake_case is read and camelCase is written'
const ours = 'the canonical form has no word for it'
const dialect = 'the old schema dialect becomes JSON Schema'
const kept = 'an answer without id or model gets ours'
const part = 'contents[*].parts[*]'
const tool = 'tools[*].functionDeclarations[*]'

/** What the canonical form alone cannot say again. Every row occurs in the corpus or the recordings. */
const lawDifferences: NamedDifferences = {
  bareRequest: [
    ...[
      'cachedContent',
      'labels',
      'model',
      'modelArmorConfig',
      'safetySettings',
      'generationConfig.mediaResolution',
      'generationConfig.responseModalities',
      'toolConfig.includeServerSideToolInvocations',
      'toolConfig.retrievalConfig',
      'toolConfig.functionCallingConfig.streamFunctionCallArguments',
      `${part}.functionCall.partialArgs`,
      `${part}.functionResponse.parts[*].inlineData.displayName`,
      `${part}.inlineData.displayName`,
      `${part}.mediaResolution`,
      `${part}.videoMetadata`,
      `${tool}.behavior`,
    ].map((at) => ({ at, change: 'missing' as const, reason: ours })),
    ...[
      'system_instruction',
      'generation_config',
      'safety_settings',
      'tool_config',
      'generationConfig.response_mime_type',
      'generationConfig.response_schema',
      'generationConfig.thinkingConfig.include_thoughts',
      'generationConfig.thinkingConfig.thinking_budget',
      `${part}.file_data`,
      `${part}.function_call`,
      `${part}.function_response`,
      `${part}.inline_data`,
      `${part}.thought_signature`,
      `${part}.video_metadata`,
      `${part}.functionResponse.parts[*].file_data`,
      `${part}.functionResponse.parts[*].inline_data`,
      'tools[*].code_execution',
      'tools[*].google_search',
      'tools[*].function_declarations',
      `${tool}.parameters_json_schema`,
    ].map((at) => ({ at, change: 'missing' as const, reason: spelling })),
    ...[
      'systemInstruction',
      'generationConfig',
      'toolConfig',
      'generationConfig.responseMimeType',
      'generationConfig.thinkingConfig.includeThoughts',
      'generationConfig.thinkingConfig.thinkingBudget',
      `${part}.fileData`,
      `${part}.functionCall`,
      `${part}.functionResponse`,
      `${part}.inlineData`,
      `${part}.thoughtSignature`,
      `${part}.functionResponse.parts[*].fileData`,
      `${part}.functionResponse.parts[*].inlineData`,
      'tools[*].codeExecution',
      'tools[*].googleSearch',
      'tools[*].functionDeclarations',
    ].map((at) => ({ at, change: 'added' as const, reason: spelling })),
    {
      at: 'generationConfig',
      change: 'missing',
      reason: 'it held only what the canonical form has no word for',
    },
    { at: 'toolConfig', change: 'missing', reason: 'it held only what the canonical form has no word for' },
    { at: `${part}.functionCall.args`, change: 'added', reason: 'a call without arguments is one with none' },
    { at: `${part}.functionResponse.response.output`, change: 'added', reason: 'text goes under `output`' },
    { at: `${part}.functionResponse.response.result`, change: 'missing', reason: 'text goes under `output`' },
    { at: 'contents[*].role', change: 'added', reason: 'a content without a role is the user’s' },
    { at: 'contents[*].role', change: 'changed', reason: 'the old role `function` is a user turn' },
    { at: 'systemInstruction.role', change: 'missing', reason: 'it says nothing' },
    { at: 'generationConfig.responseSchema', change: 'missing', reason: dialect },
    { at: 'generationConfig.responseJsonSchema', change: 'added', reason: dialect },
    { at: 'generationConfig.responseJsonSchema.**', change: 'changed', reason: dialect },
    {
      at: 'generationConfig.thinkingConfig.thinkingLevel',
      change: 'changed',
      reason: 'enum words are written in upper case',
      when: ({ expected, actual }) => String(expected).toUpperCase() === actual,
    },
    {
      at: 'toolConfig.functionCallingConfig.mode',
      change: 'changed',
      reason: 'enum words are written in upper case',
      when: ({ expected, actual }) => String(expected).toUpperCase() === actual,
    },
    { at: 'tools', change: 'changed', reason: 'a single entry becomes a list' },
    { at: 'tools[*]', change: 'missing', reason: 'all declarations share one entry' },
    { at: tool, change: 'added', reason: 'all declarations share one entry' },
    {
      at: `${tool}.description`,
      change: 'missing',
      reason: 'null says nothing',
      when: (d) => d.expected === null,
    },
    { at: `${tool}.parameters`, change: 'missing', reason: dialect },
    { at: `${tool}.parametersJsonSchema`, change: 'added', reason: dialect },
    { at: `${tool}.parametersJsonSchema.**`, reason: 'upper-case types and `nullable` inside JSON Schema' },
  ],
  bareResponse: [
    ...[
      'avgLogprobs',
      'citationMetadata',
      'content.parts[*].futurePart',
      'groundingMetadata',
      'groundingMetadata.retrievalMetadata',
      'groundingMetadata.retrievalQueries',
      'groundingMetadata.searchEntryPoint',
      'groundingMetadata.groundingChunks[*].maps.placeId',
      'groundingMetadata.groundingChunks[*].web.domain',
      'groundingMetadata.groundingSupports[*].confidenceScores',
      'logprobsResult',
      'safetyRatings',
      'score',
    ].map((name) => ({ at: `candidates[*].${name}`, change: 'missing' as const, reason: ours })),
    {
      at: 'candidates[*].groundingMetadata.groundingSupports[*].segment.text',
      change: 'changed',
      reason: 'some offsets are off by a few, and the text is the one that they mean',
    },
    {
      at: 'candidates[*].groundingMetadata.groundingSupports[*].segment.endIndex',
      change: 'changed',
      reason: 'offsets are kept within the text',
      when: ({ expected, actual }) => Number(actual) < Number(expected),
    },
    ...[
      'createTime',
      'promptFeedback.safetyRatings',
      'this',
      'turnToken',
      'usageMetadata',
      'usageMetadata.billablePromptUsage',
      'usageMetadata.cacheTokensDetails',
      'usageMetadata.candidatesTokensDetails',
      'usageMetadata.promptTokensDetails',
      'usageMetadata.toolUsePromptTokensDetails',
      'usageMetadata.trafficType',
    ].map((at) => ({ at, change: 'missing' as const, reason: ours })),
    {
      at: 'usageMetadata.promptTokensDetails[*]**',
      reason: 'sound and pictures are counted apart, all else is text',
    },
    {
      at: 'usageMetadata.candidatesTokenCount',
      change: 'added',
      reason: 'zero is written',
      when: (d) => d.actual === 0,
    },
    { at: 'usageMetadata.totalTokenCount', change: 'added', reason: 'the sum is always written' },
    { at: 'candidates[*].content', change: 'added', reason: 'clients want at least one part' },
    { at: 'candidates[*].content.parts', change: 'added', reason: 'clients want at least one part' },
    {
      at: 'candidates[*].content.parts[*]',
      change: 'missing',
      reason: 'a block without a canonical word is dropped',
    },
    {
      at: 'candidates[*].content.parts[*].inlineData',
      change: 'added',
      reason: 'it moved up behind a dropped block',
    },
    {
      at: 'candidates[*].content.parts[*].text',
      change: 'added',
      reason: 'it moved up behind a dropped block',
    },
    { at: 'candidates[*].content.parts[*].toolCall.args', change: 'added', reason: 'no arguments are `{}`' },
    {
      at: 'candidates[*].content.parts[*].toolResponse.response',
      change: 'added',
      reason: 'no response is `{}`',
    },
    {
      at: 'candidates[*].finishReason',
      change: 'changed',
      reason: 'one canonical reason stands for several words',
    },
    {
      at: 'candidates[*].index',
      change: 'added',
      reason: 'the index is always written',
      when: (d) => d.actual === 0,
    },
    {
      at: 'promptFeedback.blockReason',
      change: 'changed',
      reason: 'one canonical reason stands for several words',
    },
  ],
  bareStream: [
    { at: 'response.created', change: 'missing', reason: 'only Vertex sends a time' },
    { at: 'response.id', change: 'added', reason: kept },
    { at: 'response.model', change: 'added', reason: kept },
    {
      at: 'response.serviceTier',
      change: 'missing',
      reason: 'the tier stands in the last chunk and is read in the first',
    },
    {
      at: 'response.usage',
      change: 'missing',
      reason: 'counters go with the last chunk, and the stream was cut',
    },
  ],
  roundTrip: [
    { at: 'response.choices[*]', change: 'added', reason: 'an answer without candidates still ends' },
    {
      at: 'response.choices[*].parts[*]',
      change: 'missing',
      reason: 'text in several parts is joined, empty text is dropped',
    },
    { at: 'response.choices[*].parts[*].text', change: 'changed', reason: 'text in several parts is joined' },
    ...Object.entries({
      0: ['name', 'id', 'input', 'text', 'state', 'citations', 'tool', 'type'],
      1: ['id', 'callId', 'input', 'output', 'type'],
      2: ['name', 'callId', 'output', 'text', 'state', 'citations', 'tool', 'type'],
    }).flatMap(([place, names]) =>
      names.map((name) => ({
        at: `response.choices[*].parts[${place}].${name}`,
        reason: 'a stream tells of searches and opened pages at its end, a whole answer in front',
      })),
    ),
    { at: 'response.created', change: 'missing', reason: 'only Vertex sends a time' },
    { at: 'response.id', change: 'added', reason: kept },
    { at: 'response.model', change: 'added', reason: kept },
    {
      at: 'response.serviceTier',
      change: 'missing',
      reason: 'the tier stands in the last chunk and is read in the first',
    },
  ],
}

/** Ids, media, enum words, URLs and schema keywords. */
const notText = new Set([
  'data',
  'fileUri',
  'file_uri',
  'thoughtSignature',
  'thought_signature',
  'mimeType',
  'mime_type',
  'responseMimeType',
  'response_mime_type',
  'name',
  'id',
  'type',
  'required',
  'enum',
  'pattern',
  'format',
  '$schema',
  '$ref',
  'propertyOrdering',
  'property_ordering',
  'category',
  'threshold',
  'level',
  'mediaResolution',
  'cachedContent',
  'fileSearchStoreNames',
  'file_search_store_names',
  'allowedFunctionNames',
  'outcome',
])

/** Vertex paths name project and location; the model and the method are the same. */
const pathOf = (record: object): string => {
  if ('path' in record && typeof record.path === 'string') {
    const query = 'query' in record && record.query instanceof URLSearchParams ? record.query.toString() : ''
    return `${record.path}${query === '' ? '' : `?${query}`}`
  }
  const endpoint = 'endpoint' in record && typeof record.endpoint === 'string' ? record.endpoint : ''
  const model = /\/models\/([^:?]+):/.exec(endpoint)?.[1]
  const isStream = 'stream' in record && record.stream === true
  const method = isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return `/v1beta/models/${model ?? 'gemini-3.8-flash'}:${method}`
}

protocolLaws({
  protocol: gemini,
  corpus: 'gemini',
  recordings: ({ method, path }) => method === 'POST' && /:(?:stream)?generateContent$/i.test(path),
  pathOf,
  differences: lawDifferences,
  // Thoughts come only to who asks for them.
  fullReply: (reply) => ({
    ...reply,
    request: { ...reply.request, reasoning: { ...reply.request.reasoning, display: 'summarized' } },
  }),
  isCompleteStream: (record) => !record.anomalies.includes('no finishReason'),
  mustConform: (record) =>
    record.anomalies.length === 0 && (record.dialect === 'google-ai' || record.dialect === 'vertex'),
  isNotText: (path, key) =>
    notText.has(key) ||
    /^(?:labels|modelArmorConfig|model$)|\.(?:headers|streamableHttpTransport)\./.test(path),
})
