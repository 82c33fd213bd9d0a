import type { ProtocolId } from '../src/ir/index.ts'

/** A feature of a client's protocol, as a request that uses it and nothing else. */
export interface Probe {
  readonly feature: string
  readonly body: Readonly<Record<string, unknown>>
}

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const pdf = 'JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PD4+CmVuZG9iagp0cmFpbGVyCjw8Pj4KJSVFT0Y='
const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

const chatTool = { type: 'function', function: { name: 'look', description: 'looks', parameters: schema } }
const chat = (rest: object, content: unknown = 'Hello'): Readonly<Record<string, unknown>> => ({
  model: 'model',
  messages: [{ role: 'user', content }],
  ...rest,
})
const chatCall = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"city":"Ulm"}' } }],
}

const chatProbes: readonly Probe[] = [
  { feature: 'text', body: chat({}) },
  { feature: 'output limit', body: chat({ max_completion_tokens: 100 }) },
  { feature: 'temperature up to 1', body: chat({ temperature: 0.5 }) },
  { feature: 'temperature above 1', body: chat({ temperature: 1.5 }) },
  { feature: 'stop strings', body: chat({ stop: ['END'] }) },
  { feature: 'seed', body: chat({ seed: 1 }) },
  { feature: 'penalties', body: chat({ presence_penalty: 0.5 }) },
  { feature: 'logit bias', body: chat({ logit_bias: { 5: 1 } }) },
  { feature: 'log probabilities', body: chat({ logprobs: true, top_logprobs: 2 }) },
  { feature: 'several answers', body: chat({ n: 2 }) },
  {
    feature: 'later system message',
    body: chat({
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'system', content: 'c' },
        { role: 'user', content: 'd' },
      ],
    }),
  },
  { feature: 'function tools', body: chat({ tools: [chatTool] }) },
  {
    feature: 'forced tool',
    body: chat({ tools: [chatTool], tool_choice: { type: 'function', function: { name: 'look' } } }),
  },
  {
    feature: 'subset of tools',
    body: chat({
      tools: [chatTool, { type: 'function', function: { name: 'now' } }],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'look' } }] },
      },
    }),
  },
  { feature: 'one call at a time', body: chat({ tools: [chatTool], parallel_tool_calls: false }) },
  {
    feature: 'calls and results',
    body: chat({
      tools: [chatTool],
      messages: [
        { role: 'user', content: 'a' },
        chatCall,
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      ],
    }),
  },
  { feature: 'custom tools', body: chat({ tools: [{ type: 'custom', custom: { name: 'patch' } }] }) },
  { feature: 'reasoning effort', body: chat({ reasoning_effort: 'high' }) },
  {
    feature: 'JSON by schema',
    body: chat({
      response_format: { type: 'json_schema', json_schema: { name: 'city', schema, strict: true } },
    }),
  },
  { feature: 'any JSON', body: chat({ response_format: { type: 'json_object' } }) },
  {
    feature: 'image, inline',
    body: chat({}, [{ type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } }]),
  },
  {
    feature: 'image by URL',
    body: chat({}, [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]),
  },
  {
    feature: 'PDF, inline',
    body: chat({}, [
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
    ]),
  },
  {
    feature: 'audio',
    body: chat({}, [{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }]),
  },
  {
    feature: 'audio out',
    body: chat({ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }),
  },
  { feature: 'web search', body: chat({ web_search_options: {} }) },
  { feature: 'verbosity', body: chat({ verbosity: 'low' }) },
  { feature: 'metadata', body: chat({ metadata: { a: 'b' } }) },
  { feature: 'end user', body: chat({ safety_identifier: 'someone' }) },
  { feature: 'service tier', body: chat({ service_tier: 'flex' }) },
  { feature: 'prompt cache key', body: chat({ prompt_cache_key: 'key' }) },
  { feature: 'prediction', body: chat({ prediction: { type: 'content', content: 'x' } }) },
]

const responsesTool = {
  type: 'function',
  name: 'look',
  description: 'looks',
  parameters: schema,
  strict: true,
}
const responses = (rest: object, input: unknown = 'Hello'): Readonly<Record<string, unknown>> => ({
  model: 'model',
  store: false,
  input,
  ...rest,
})
const user = (content: readonly object[]) => [{ role: 'user', content }]

const responsesProbes: readonly Probe[] = [
  { feature: 'text', body: responses({}) },
  { feature: 'instructions', body: responses({ instructions: 'Be brief.' }) },
  { feature: 'output limit', body: responses({ max_output_tokens: 100 }) },
  { feature: 'temperature', body: responses({ temperature: 0.5 }) },
  {
    feature: 'log probabilities',
    body: responses({ top_logprobs: 2, include: ['message.output_text.logprobs'] }),
  },
  { feature: 'reasoning effort', body: responses({ reasoning: { effort: 'high' } }) },
  { feature: 'reasoning summary', body: responses({ reasoning: { effort: 'high', summary: 'detailed' } }) },
  { feature: 'function tools', body: responses({ tools: [responsesTool] }) },
  {
    feature: 'namespaced tools',
    body: responses({
      tools: [{ type: 'namespace', name: 'files', description: 'files', tools: [responsesTool] }],
    }),
  },
  {
    feature: 'custom tools',
    body: responses({ tools: [{ type: 'custom', name: 'patch', format: { type: 'text' } }] }),
  },
  {
    feature: 'forced tool',
    body: responses({ tools: [responsesTool], tool_choice: { type: 'function', name: 'look' } }),
  },
  {
    feature: 'calls and results',
    body: responses({ tools: [responsesTool] }, [
      { role: 'user', content: 'a' },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"city":"Ulm"}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'sunny' },
    ]),
  },
  {
    feature: 'pictures in results',
    body: responses({ tools: [responsesTool] }, [
      { role: 'user', content: 'a' },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' },
      {
        type: 'function_call_output',
        call_id: 'call_1',
        output: [{ type: 'input_image', image_url: `data:image/png;base64,${pixel}` }],
      },
    ]),
  },
  {
    feature: 'JSON by schema',
    body: responses({ text: { format: { type: 'json_schema', name: 'city', schema, strict: true } } }),
  },
  { feature: 'any JSON', body: responses({ text: { format: { type: 'json_object' } } }) },
  {
    feature: 'image, inline',
    body: responses({}, user([{ type: 'input_image', image_url: `data:image/png;base64,${pixel}` }])),
  },
  { feature: 'image by file id', body: responses({}, user([{ type: 'input_image', file_id: 'file_1' }])) },
  {
    feature: 'PDF, inline',
    body: responses(
      {},
      user([{ type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` }]),
    ),
  },
  { feature: 'web search', body: responses({ tools: [{ type: 'web_search' }] }) },
  {
    feature: 'web search, only some domains',
    body: responses({ tools: [{ type: 'web_search', filters: { allowed_domains: ['example.com'] } }] }),
  },
  {
    feature: 'code interpreter',
    body: responses({ tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }),
  },
  {
    feature: 'file search',
    body: responses({ tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }),
  },
  {
    feature: 'MCP without approval',
    body: responses({
      tools: [
        { type: 'mcp', server_label: 'a', server_url: 'https://example.com/mcp', require_approval: 'never' },
      ],
    }),
  },
  {
    feature: 'MCP with approval',
    body: responses({ tools: [{ type: 'mcp', server_label: 'a', server_url: 'https://example.com/mcp' }] }),
  },
  { feature: 'cap on tool calls', body: responses({ max_tool_calls: 3 }) },
  { feature: 'prompt template', body: responses({ prompt: { id: 'pmpt_1' } }) },
  { feature: 'truncation', body: responses({ truncation: 'auto' }) },
  { feature: 'verbosity', body: responses({ text: { verbosity: 'low' } }) },
  { feature: 'metadata', body: responses({ metadata: { a: 'b' } }) },
  { feature: 'service tier', body: responses({ service_tier: 'flex' }) },
  {
    feature: 'compaction of the conversation',
    body: responses({}, [{ role: 'user', content: 'a' }, { type: 'compaction_trigger' }]),
  },
]

const messagesTool = { name: 'look', description: 'looks', input_schema: schema }
const messages = (rest: object, content: unknown = 'Hello'): Readonly<Record<string, unknown>> => ({
  model: 'model',
  max_tokens: 4096,
  messages: [{ role: 'user', content }],
  ...rest,
})
const called = (content: unknown, isError = false) => [
  { role: 'user', content: 'a' },
  { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: { city: 'Ulm' } }] },
  {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content, ...(isError && { is_error: true }) }],
  },
]
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }

const messagesProbes: readonly Probe[] = [
  { feature: 'text', body: messages({}) },
  {
    feature: 'system blocks',
    body: messages({
      system: [
        { type: 'text', text: 'One' },
        { type: 'text', text: 'Two' },
      ],
    }),
  },
  {
    feature: 'later system message',
    body: messages({
      messages: [
        { role: 'user', content: 'a' },
        { role: 'system', content: 'b' },
        { role: 'assistant', content: 'c' },
        { role: 'user', content: 'd' },
      ],
    }),
  },
  { feature: 'temperature', body: messages({ temperature: 0.5 }) },
  { feature: 'top_k', body: messages({ top_k: 5 }) },
  { feature: 'stop sequences', body: messages({ stop_sequences: ['END'] }) },
  {
    feature: 'thinking with a budget',
    body: messages({ max_tokens: 20_000, thinking: { type: 'enabled', budget_tokens: 8192 } }),
  },
  { feature: 'thinking off', body: messages({ thinking: { type: 'disabled' } }) },
  { feature: 'effort', body: messages({ output_config: { effort: 'low' } }) },
  { feature: 'function tools', body: messages({ tools: [messagesTool] }) },
  {
    feature: 'forced tool',
    body: messages({ tools: [messagesTool], tool_choice: { type: 'tool', name: 'look' } }),
  },
  {
    feature: 'one call at a time',
    body: messages({ tools: [messagesTool], tool_choice: { type: 'auto', disable_parallel_tool_use: true } }),
  },
  { feature: 'calls and results', body: messages({ tools: [messagesTool], messages: called('sunny') }) },
  { feature: 'failed results', body: messages({ tools: [messagesTool], messages: called('no', true) }) },
  { feature: 'pictures in results', body: messages({ tools: [messagesTool], messages: called([image]) }) },
  {
    feature: 'JSON by schema',
    body: messages({ output_config: { format: { type: 'json_schema', schema } } }),
  },
  { feature: 'image, inline', body: messages({}, [image]) },
  {
    feature: 'image by URL',
    body: messages({}, [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }]),
  },
  {
    feature: 'PDF, inline',
    body: messages({}, [
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
    ]),
  },
  {
    feature: 'text document',
    body: messages({}, [
      { type: 'document', title: 'a', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
    ]),
  },
  {
    feature: 'citations of documents',
    body: messages({}, [
      {
        type: 'document',
        citations: { enabled: true },
        source: { type: 'text', media_type: 'text/plain', data: 'words' },
      },
    ]),
  },
  {
    feature: 'search results',
    body: messages({}, [
      {
        type: 'search_result',
        source: 'https://example.com',
        title: 'a',
        content: [{ type: 'text', text: 'b' }],
      },
    ]),
  },
  {
    feature: 'cache marks',
    body: messages({}, [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }]),
  },
  {
    feature: 'bash and text editor',
    body: messages({
      tools: [
        { type: 'bash_20250124', name: 'bash' },
        { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
      ],
    }),
  },
  { feature: 'web search', body: messages({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }) },
  {
    feature: 'web search, at most three',
    body: messages({ tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }] }),
  },
  {
    feature: 'web search, at most three, beside code execution',
    body: messages({
      tools: [
        { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
        { type: 'code_execution_20250825', name: 'code_execution' },
      ],
    }),
  },
  {
    feature: 'web search, some domains blocked',
    body: messages({
      tools: [{ type: 'web_search_20250305', name: 'web_search', blocked_domains: ['example.com'] }],
    }),
  },
  {
    feature: 'code execution',
    body: messages({ tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }),
  },
  {
    feature: 'MCP connector',
    body: messages({
      mcp_servers: [{ type: 'url', name: 'a', url: 'https://example.com/mcp' }],
      tools: [{ type: 'mcp_toolset', mcp_server_name: 'a' }],
    }),
  },
  { feature: 'end user', body: messages({ metadata: { user_id: 'someone' } }) },
  { feature: 'service tier', body: messages({ service_tier: 'standard_only' }) },
  { feature: 'region', body: messages({ inference_geo: 'us' }) },
]

const geminiTool = {
  functionDeclarations: [{ name: 'look', description: 'looks', parametersJsonSchema: schema }],
}
const gemini = (
  rest: object,
  parts: readonly object[] = [{ text: 'Hello' }],
): Readonly<Record<string, unknown>> => ({
  contents: [{ role: 'user', parts }],
  ...rest,
})
const generation = (config: object) => gemini({ generationConfig: config })

const geminiProbes: readonly Probe[] = [
  { feature: 'text', body: gemini({}) },
  { feature: 'system instruction', body: gemini({ systemInstruction: { parts: [{ text: 'Be brief.' }] } }) },
  { feature: 'output limit', body: generation({ maxOutputTokens: 100 }) },
  { feature: 'temperature up to 1', body: generation({ temperature: 0.5 }) },
  { feature: 'topK', body: generation({ topK: 5 }) },
  { feature: 'stop sequences', body: generation({ stopSequences: ['END'] }) },
  { feature: 'seed', body: generation({ seed: 1 }) },
  { feature: 'several candidates', body: generation({ candidateCount: 2 }) },
  {
    feature: 'thinking budget',
    body: generation({ thinkingConfig: { thinkingBudget: 8192, includeThoughts: true } }),
  },
  { feature: 'thinking level', body: generation({ thinkingConfig: { thinkingLevel: 'HIGH' } }) },
  { feature: 'function tools', body: gemini({ tools: [geminiTool] }) },
  {
    feature: 'forced tool',
    body: gemini({
      tools: [geminiTool],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } },
    }),
  },
  {
    feature: 'calls and results',
    body: gemini({
      tools: [geminiTool],
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ functionCall: { name: 'look', args: { city: 'Ulm' } } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'sunny' } } }] },
      ],
    }),
  },
  {
    feature: 'JSON by schema',
    body: generation({ responseMimeType: 'application/json', responseJsonSchema: schema }),
  },
  { feature: 'any JSON', body: generation({ responseMimeType: 'application/json' }) },
  { feature: 'image, inline', body: gemini({}, [{ inlineData: { mimeType: 'image/png', data: pixel } }]) },
  { feature: 'PDF, inline', body: gemini({}, [{ inlineData: { mimeType: 'application/pdf', data: pdf } }]) },
  { feature: 'audio', body: gemini({}, [{ inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } }]) },
  { feature: 'video', body: gemini({}, [{ inlineData: { mimeType: 'video/mp4', data: 'AAAA' } }]) },
  {
    feature: 'uploaded file',
    body: gemini({}, [
      {
        fileData: {
          fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/a',
          mimeType: 'image/png',
        },
      },
    ]),
  },
  { feature: 'Google search', body: gemini({ tools: [{ googleSearch: {} }] }) },
  { feature: 'code execution', body: gemini({ tools: [{ codeExecution: {} }] }) },
  { feature: 'Google maps', body: gemini({ tools: [{ googleMaps: {} }] }) },
  { feature: 'named cache', body: gemini({ cachedContent: 'cachedContents/a' }) },
  {
    feature: 'safety settings',
    body: gemini({ safetySettings: [{ category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'BLOCK_NONE' }] }),
  },
  { feature: 'speech out', body: generation({ responseModalities: ['AUDIO'] }) },
]

/** By the client's protocol, in the order of the page. */
export const probes: readonly (readonly [client: ProtocolId, probes: readonly Probe[]])[] = [
  ['openai-chat', chatProbes],
  ['openai-responses', responsesProbes],
  ['anthropic-messages', messagesProbes],
  ['gemini', geminiProbes],
]
