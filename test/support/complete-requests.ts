/** Requests in which every place for text is filled, for each protocol and operation; all of it made up. */
import type { ProtocolId } from '../../src/ir/index.ts'

export interface CompleteRequest {
  readonly name: string
  readonly protocol: ProtocolId
  readonly path: string
  readonly body: unknown
}

const schema = {
  type: 'object',
  title: 'words',
  description: 'words',
  $comment: 'words',
  properties: {
    type: { type: 'string', description: 'words', enum: ['words', 'more words'], default: 'words' },
    list: { type: 'array', items: { type: 'string', examples: ['words'], pattern: 'words' } },
    fixed: { const: 'words' },
  },
  required: ['type'],
}

const chat = {
  model: 'm',
  user: 'words',
  safety_identifier: 'words',
  prompt_cache_key: 'words',
  metadata: { note: 'words' },
  stop: ['words', 'more words'],
  web_search_options: { user_location: { type: 'approximate', approximate: { city: 'words' } } },
  documents: [{ title: 'words', text: 'words' }],
  messages: [
    { role: 'system', name: 'words', content: 'words' },
    { role: 'developer', content: [{ type: 'text', text: 'words' }] },
    { role: 'user', name: 'words', content: 'words' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'words' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', caption: 'words' } },
        { type: 'file', file: { filename: 'words', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'words' },
        { type: 'refusal', refusal: 'words' },
      ],
      reasoning_content: 'words',
      tool_calls: [
        {
          id: 'c1',
          type: 'function',
          function: { name: 'f', arguments: '{"a":"words","b":{"c":["words"]}}' },
        },
        { id: 'c2', type: 'custom', custom: { name: 'g', input: 'words' } },
      ],
      annotations: [{ type: 'url_citation', url_citation: { url: 'words', title: 'words' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'words' },
    { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: '{"found":["words"]}' }] },
    {
      role: 'assistant',
      content: 'words',
      refusal: 'words',
      function_call: { name: 'f', arguments: '{"a":"words"}' },
    },
    { role: 'function', name: 'f', content: '{"found":"words"}' },
    { role: 'user', content: 'words' },
  ],
  tools: [
    { type: 'function', function: { name: 'f', description: 'words', parameters: schema } },
    {
      type: 'custom',
      custom: {
        name: 'g',
        description: 'words',
        format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'words' } },
      },
    },
  ],
  functions: [{ name: 'f', description: 'words', parameters: schema }],
  response_format: { type: 'json_schema', json_schema: { name: 'n', description: 'words', schema } },
  prediction: { type: 'content', content: [{ type: 'text', text: 'words' }] },
}

const responsesInput = [
  { type: 'message', role: 'system', content: 'words' },
  { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'words' }] },
  { role: 'user', content: 'words' },
  {
    type: 'message',
    role: 'user',
    content: [
      { type: 'input_text', text: 'words' },
      { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
      { type: 'input_file', filename: 'words', file_data: 'data:application/pdf;base64,JVBERi0=' },
    ],
  },
  {
    type: 'message',
    role: 'assistant',
    content: [
      {
        type: 'output_text',
        text: 'words',
        annotations: [{ type: 'url_citation', title: 'words', url: 'words' }],
      },
      { type: 'refusal', refusal: 'words' },
    ],
  },
  {
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: 'words' }],
    content: [{ type: 'reasoning_text', text: 'words' }],
  },
  { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":"words"}' },
  { type: 'function_call_output', call_id: 'c1', output: 'words' },
  { type: 'function_call', call_id: 'c2', name: 'f', arguments: '{"a":["words"]}' },
  {
    type: 'function_call_output',
    call_id: 'c2',
    output: [{ type: 'input_text', text: '{"found":"words"}' }],
  },
  { type: 'custom_tool_call', call_id: 'c3', name: 'g', input: 'words' },
  { type: 'custom_tool_call_output', call_id: 'c3', output: 'words' },
  {
    type: 'local_shell_call',
    call_id: 'c4',
    action: { type: 'exec', command: ['words'], env: { KEY: 'words' } },
  },
  { type: 'local_shell_call_output', call_id: 'c4', output: 'words' },
  { type: 'shell_call', call_id: 'c5', action: { commands: ['words'] } },
  {
    type: 'shell_call_output',
    call_id: 'c5',
    output: [{ stdout: 'words', stderr: 'words', outcome: { type: 'exit', exit_code: 0 } }],
  },
  {
    type: 'apply_patch_call',
    call_id: 'c6',
    status: 'completed',
    operation: { type: 'update_file', path: 'words', diff: 'words' },
  },
  { type: 'apply_patch_call_output', call_id: 'c6', status: 'completed', output: 'words' },
  {
    type: 'web_search_call',
    id: 'w',
    status: 'completed',
    action: { type: 'search', query: 'words', queries: ['words'] },
  },
  {
    type: 'file_search_call',
    id: 's',
    status: 'completed',
    queries: ['words'],
    results: [{ text: 'words', filename: 'words', attributes: { note: 'words' } }],
  },
  {
    type: 'code_interpreter_call',
    id: 'i',
    status: 'completed',
    code: 'words',
    outputs: [{ type: 'logs', logs: 'words' }],
  },
  { type: 'computer_call', call_id: 'c7', action: { type: 'type', text: 'words' }, status: 'completed' },
  {
    type: 'mcp_call',
    id: 'm',
    name: 'n',
    server_label: 'l',
    arguments: '{"a":"words"}',
    output: 'words',
    error: 'words',
  },
  {
    type: 'mcp_list_tools',
    id: 'ml',
    server_label: 'l',
    tools: [{ name: 'n', description: 'words', input_schema: schema }],
  },
  { type: 'mcp_approval_request', id: 'ma', name: 'n', server_label: 'l', arguments: '{"a":"words"}' },
  { type: 'mcp_approval_response', approve: false, reason: 'words' },
  {
    type: 'image_generation_call',
    id: 'g',
    status: 'completed',
    result: 'iVBORw0KGgo=',
    revised_prompt: 'words',
  },
  { type: 'item_of_tomorrow', prose: 'words', deeper: { still: ['words'] } },
]

const responses = {
  model: 'm',
  instructions: 'words',
  user: 'words',
  safety_identifier: 'words',
  prompt_cache_key: 'words',
  metadata: { note: 'words' },
  client_metadata: { note: '{"path":"words"}' },
  input: responsesInput,
  prompt: { id: 'p', variables: { who: 'words', file: { type: 'input_text', text: 'words' } } },
  tools: [
    { type: 'function', name: 'f', description: 'words', parameters: schema, strict: false },
    {
      type: 'custom',
      name: 'g',
      description: 'words',
      format: { type: 'grammar', syntax: 'lark', definition: 'words' },
    },
    {
      type: 'web_search',
      user_location: { type: 'approximate', city: 'words' },
      filters: { allowed_domains: ['words'] },
    },
    { type: 'mcp', server_label: 'l', server_url: 'https://mcp.example', server_description: 'words' },
    {
      type: 'namespace',
      name: 'n',
      description: 'words',
      tools: [{ type: 'function', name: 'f', description: 'words' }],
    },
  ],
  text: { format: { type: 'json_schema', name: 'n', description: 'words', schema } },
  store: false,
}

const messages = {
  model: 'm',
  max_tokens: 100,
  metadata: { user_id: 'words' },
  stop_sequences: ['words'],
  system: [{ type: 'text', text: 'words', cache_control: { type: 'ephemeral' } }],
  messages: [
    { role: 'user', content: 'words' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'words' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
        {
          type: 'document',
          title: 'words',
          context: 'words',
          source: { type: 'text', media_type: 'text/plain', data: 'words' },
        },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'words' }] } },
        {
          type: 'search_result',
          title: 'words',
          source: 'words',
          content: [{ type: 'text', text: 'words' }],
        },
      ],
    },
    {
      role: 'assistant',
      content: [
        {
          type: 'text',
          text: 'words',
          citations: [
            { type: 'char_location', cited_text: 'words', document_title: 'words', document_index: 0 },
          ],
        },
        { type: 'tool_use', id: 't1', name: 'f', input: { a: 'words', b: { c: ['words'] } } },
        { type: 'tool_use', id: 't2', name: 'f', input: { a: 'words' } },
        { type: 'server_tool_use', id: 't3', name: 'web_search', input: { query: 'words' } },
        {
          type: 'web_search_tool_result',
          tool_use_id: 't3',
          content: [{ type: 'web_search_result', title: 'words', url: 'words', encrypted_content: 'e' }],
        },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't1', content: 'words' },
        { type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: '{"found":["words"]}' }] },
      ],
    },
    { role: 'assistant', content: 'words' },
    { role: 'user', content: 'words' },
  ],
  tools: [
    { name: 'f', description: 'words', input_schema: schema, input_examples: [{ a: 'words' }] },
    {
      type: 'web_search_20250305',
      name: 'web_search',
      user_location: { type: 'approximate', city: 'words' },
    },
  ],
  output_config: { format: { type: 'json_schema', schema } },
}

const gemini = {
  systemInstruction: { parts: [{ text: 'words' }] },
  contents: [
    {
      role: 'user',
      parts: [
        { text: 'words' },
        { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=', displayName: 'words' } },
        { fileData: { mimeType: 'text/plain', fileUri: 'https://files.example/a', displayName: 'words' } },
      ],
    },
    {
      role: 'model',
      parts: [
        { text: 'words' },
        { functionCall: { name: 'f', args: { a: 'words', b: { c: ['words'] } } } },
        { executableCode: { language: 'PYTHON', code: 'words' } },
        { codeExecutionResult: { outcome: 'OUTCOME_OK', output: 'words' } },
      ],
    },
    { role: 'user', parts: [{ functionResponse: { name: 'f', response: { found: ['words'] } } }] },
    { role: 'user', parts: [{ text: 'words', partOfTomorrow: { prose: 'words' } }] },
  ],
  tools: [
    { functionDeclarations: [{ name: 'f', description: 'words', parameters: schema }] },
    {
      function_declarations: [
        { name: 'g', description: 'words', parametersJsonSchema: schema, response: schema },
      ],
    },
  ],
  generationConfig: {
    stopSequences: ['words'],
    responseMimeType: 'application/json',
    responseSchema: schema,
    speechConfig: { multiSpeakerVoiceConfig: { speakerVoiceConfigs: [{ speaker: 'words' }] } },
  },
  labels: { team: 'words' },
}

const snake = {
  system_instruction: { parts: [{ text: 'words' }] },
  contents: [{ role: 'user', parts: [{ text: 'words' }] }],
  generation_config: { stop_sequences: ['words'], response_json_schema: schema },
}

const content = { parts: [{ text: 'words' }, { text: 'words' }] }
const without = ({ max_tokens: _, ...rest }: typeof messages) => rest
const below = (method: string) => `/v1beta/models/m:${method}`

export const completeRequests: readonly CompleteRequest[] = [
  { name: 'chat', protocol: 'openai-chat', path: '/v1/chat/completions', body: chat },
  { name: 'responses', protocol: 'openai-responses', path: '/v1/responses', body: responses },
  {
    name: 'responses with one text',
    protocol: 'openai-responses',
    path: '/v1/responses',
    body: { model: 'm', input: 'words', instructions: 'words' },
  },
  {
    name: 'responses, counting',
    protocol: 'openai-responses',
    path: '/v1/responses/input_tokens',
    body: { model: 'm', instructions: 'words', input: responsesInput, tools: responses.tools },
  },
  {
    name: 'responses, compacting',
    protocol: 'openai-responses',
    path: '/v1/responses/compact',
    body: { model: 'm', instructions: 'words', input: responsesInput },
  },
  { name: 'messages', protocol: 'anthropic-messages', path: '/v1/messages', body: messages },
  {
    name: 'messages with one text',
    protocol: 'anthropic-messages',
    path: '/v1/messages',
    body: { model: 'm', max_tokens: 9, system: 'words', messages: [{ role: 'user', content: 'words' }] },
  },
  {
    name: 'messages, counting',
    protocol: 'anthropic-messages',
    path: '/v1/messages/count_tokens',
    body: without(messages),
  },
  { name: 'gemini', protocol: 'gemini', path: below('generateContent'), body: gemini },
  { name: 'gemini in snake case', protocol: 'gemini', path: below('generateContent'), body: snake },
  {
    name: 'gemini, counting',
    protocol: 'gemini',
    path: below('countTokens'),
    body: { contents: gemini.contents },
  },
  {
    name: 'gemini, counting a whole request',
    protocol: 'gemini',
    path: below('countTokens'),
    body: { generateContentRequest: { model: 'models/m', ...gemini } },
  },
  {
    name: 'gemini, embedding',
    protocol: 'gemini',
    path: below('embedContent'),
    body: { model: 'models/m', title: 'words', content },
  },
  {
    name: 'gemini, embedding many',
    protocol: 'gemini',
    path: below('batchEmbedContents'),
    body: {
      requests: [
        { model: 'models/m', content, title: 'words' },
        { model: 'models/m', content },
      ],
    },
  },
  ...(
    [
      ['one text', 'words'],
      ['several texts', ['words', 'words']],
      ['objects', [{ text: 'words' }, { content: [{ type: 'text', text: 'words' }] }]],
    ] as const
  ).map(
    ([what, input]): CompleteRequest => ({
      name: `embeddings of ${what}`,
      protocol: 'openai-embeddings',
      path: '/v1/embeddings',
      body: { model: 'm', input, user: 'words' },
    }),
  ),
]
