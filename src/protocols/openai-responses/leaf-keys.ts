import { schemaKeywords } from '../schema-keywords.ts'

/** Which members of a request hold no text of a user or a tool. Everything else does. */

/** Words that stand beside the conversation: who asks, and what the client notes for itself. */
export const asides: ReadonlySet<string> = new Set([
  'client_metadata',
  'metadata',
  'prompt_cache_key',
  'safety_identifier',
  'user',
])

/** Members of the request that say how to answer. */
export const settings: ReadonlySet<string> = new Set([
  'access_programs',
  'background',
  'context_management',
  'conversation',
  'generate',
  'image',
  'include',
  'max_output_tokens',
  'max_tool_calls',
  'model',
  'moderation',
  'parallel_tool_calls',
  'personality',
  'previous_response_id',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'service_tier',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'top_logprobs',
  'top_p',
  'truncation',
  'type',
])

/** Members of items and content parts that are ids, names, marks, media, or state that must come back unchanged. */
export const notText: ReadonlySet<string> = new Set([
  'type',
  'id',
  'call_id',
  'item_id',
  'role',
  'status',
  'name',
  'namespace',
  'phase',
  'detail',
  'execution',
  'server_label',
  'caller',
  'encrypted_content',
  'fingerprint',
  'file_id',
  'file_data',
  'image_url',
  'container_id',
  'approval_request_id',
  'prompt_cache_breakpoint',
  'acknowledged_safety_checks',
  'pending_safety_checks',
  'internal_chat_message_metadata_passthrough',
  'logprobs',
  'input_audio',
  'output_format',
  'background',
  'quality',
  'size',
  'reasoning',
])

/** Members of tools that are ids, names, enum words, addresses, and credentials for the provider to use. */
export const toolSettings: ReadonlySet<string> = new Set([
  'type',
  'name',
  'server_label',
  'server_url',
  'connector_id',
  'authorization',
  'headers',
  'vector_store_ids',
  'container',
  'allowed_tools',
  'require_approval',
  'environment',
  'execution',
  'search_context_size',
  'search_content_types',
  'model',
  'background',
  'moderation',
  'output_format',
  'quality',
  'size',
  'input_fidelity',
  'input_image_mask',
])

/** A picture's data stands in `result`; a file's address is fetched, not read. */
export const isNoText = (type: string, key: string): boolean =>
  (key === 'result' && type === 'image_generation_call') || (key === 'file_url' && type === 'input_file')

/** Schema keywords whose strings are no words of anybody. */
export const keywords: ReadonlySet<string> = new Set([
  ...schemaKeywords,
  'name',
  'strict',
  'verbosity',
  'syntax',
])
