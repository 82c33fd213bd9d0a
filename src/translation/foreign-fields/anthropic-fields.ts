import { isJsonObject, type JsonValue } from '../../ir/index.ts'
import { type ForeignField, rowsOf } from './foreign-field.ts'
import { callersOf } from './responses-fields.ts'

const spelling = 'only another spelling of what is carried'

/** Betas whose features have words of their own here, or that other protocols have anyway. */
const knownBetas =
  /^(?:claude-code|interleaved-thinking|fine-grained-tool-streaming|token-counting|token-efficient-tools|context-1m|context-management|thinking-token-count|prompt-caching(?:-scope)?|extended-cache-ttl|mid-conversation-(?:system|tool-changes|output-config)|effort|structured-outputs|per-turn-control|advanced-tool-use|output-128k|pdfs|mcp-client|files-api|code-execution|web-fetch|web-search|computer-use|compact|skills|task-budgets|model-context-window-exceeded|messages|max-tokens|redact-thinking|oauth)-\d{4}-\d{2}-\d{2}$|^claude-code-\d{8}$/

const hasKnownBetas = (value: JsonValue): 'silent' | undefined =>
  typeof value === 'string' &&
  value.length < 4096 &&
  value.split(',').every((beta) => beta.trim() === '' || knownBetas.test(beta.trim()))
    ? 'silent'
    : undefined

/** Claude Code always asks that all thinking is kept, which is what happens anyway. */
const keepsAll = (value: JsonValue): 'silent' | undefined => {
  const edits = isJsonObject(value) ? value['edits'] : undefined
  const isPlain = (edit: JsonValue): boolean =>
    isJsonObject(edit) &&
    typeof edit['type'] === 'string' &&
    edit['type'].startsWith('clear_thinking_') &&
    (edit['keep'] === undefined || edit['keep'] === 'all')
  return Array.isArray(edits) && edits.every(isPlain) ? 'silent' : undefined
}

const is =
  (wanted: JsonValue) =>
  (value: JsonValue): 'silent' | undefined =>
    value === wanted ? 'silent' : undefined

export const anthropicFields: readonly ForeignField[] = [
  ...rowsOf('anthropic-messages', 'request', [
    ['anthropic-version', 'silent', 'it shapes the answer', '§2'],
    ['anthropic-beta', 'warn', 'betas that nobody here knows', '§2', 'silent for known ones', hasKnownBetas],
    ['stream', 'silent', spelling, 'P12'],
    ['tools', 'silent', 'an empty list', 'P14'],
    ['system', 'silent', 'an empty text', 'P13'],
    ['cache_control', 'silent', 'the mark itself is carried', 'CA2'],
    ['container', 'refuse', 'the container and its skills are at Anthropic', 'P33'],
    [
      'context_management',
      'warn',
      'nobody edits the history there',
      'P27',
      'silent when all thinking is kept',
      keepsAll,
    ],
    ['compaction', 'warn', 'nobody compacts the history there', 'P27'],
    ['mcp_servers', 'refuse', 'nobody would call these servers', 'MCP1'],
    [
      'inference_geo',
      'refuse',
      'where it is computed is not a setting there',
      'P34',
      'silent when global',
      is('global'),
    ],
    ['diagnostics', 'warn', 'cache diagnosis is bound to the provider', 'P32'],
    ['speed', 'warn', 'no counterpart', 'P22', 'silent when standard', is('standard')],
    ['fallbacks', 'warn', 'the routes of the gateway decide', 'P40'],
    ['fallback_credit_token', 'refuse', 'a credit at Anthropic', 'P40'],
    ['billing_policy', 'refuse', 'how Anthropic bills', 'P40'],
    ['user_profile_id', 'refuse', 'a profile at Anthropic', 'P40'],
    ['workspace_id', 'refuse', 'a workspace at Anthropic', 'P40'],
    ['output_config', 'inside', '', 'P18'],
    ['output_config.task_budget', 'warn', 'no counterpart', 'P39'],
    ['output_config.format', 'warn', 'a format of an unknown type', 'P18'],
    ['output_format', 'warn', 'a format of an unknown type', 'P18'],
    ['metadata', 'inside', '', 'P20'],
    ['thread', 'inside', '', 'P24'],
    ['thread.type', 'refuse', 'the thread would be at Anthropic', 'P24'],
    ['thinking', 'inside', '', 'P16'],
  ]),
  ...rowsOf('anthropic-messages', 'turn', [
    ['billing-note', 'silent', 'of the client for its provider', 'clients §3'],
    ['content', 'silent', 'an empty list', '§4.1'],
    ['role', 'warn', 'an unknown role', '§4.1'],
    ['clear_at', 'warn', 'the message stays', 'S5'],
    ['output_config', 'inside', '', 'S5'],
  ]),
  ...rowsOf('anthropic-messages', 'part', [
    ['type', 'silent', spelling, '§4'],
    ['cache_control', 'silent', 'the mark itself is carried', 'CA1'],
    ['source', 'inside', '', 'I1'],
    ['source.type', 'silent', spelling, 'D5'],
    ['citations', 'inside', '', 'D7'],
    ['signature', 'silent', 'state of a model', '§7.4'],
    [
      'caller',
      'warn',
      'that a program called it',
      'TC5',
      'silent when direct',
      (value) => (isJsonObject(value) && value['type'] === 'direct' ? 'silent' : undefined),
    ],
    ['toolset_name', 'warn', 'the name of the tool alone remains', 'TD13'],
    ['transformations', 'warn', 'pictures go as they are', 'P38'],
    ['input', 'silent', spelling, 'TC1'],
    ['content', 'silent', spelling, 'TR4'],
    ['is_error', 'silent', spelling, 'TR2'],
  ]),
  ...rowsOf('anthropic-messages', 'tool', [
    ['type', 'silent', spelling, 'TD1'],
    ['cache_control', 'silent', 'the mark itself is carried', 'TD11'],
    ['input_examples', 'warn', 'no counterpart', 'TD4'],
    ['eager_input_streaming', 'silent', 'a wish about streaming', 'TD12'],
    ['input_schema', 'warn', 'parameters that are no schema', 'TD2'],
    [
      'allowed_callers',
      'refuse',
      'only a program of the model may call it',
      'TD6',
      'silent for direct alone, a warning when direct is among them',
      callersOf,
    ],
  ]),
  ...rowsOf('anthropic-messages', 'tool choice', [['disable_parallel_tool_use', 'silent', spelling, 'P15']]),
  ...rowsOf('anthropic-messages', 'output', [['output_format', 'inside', '', 'SO1']]),
  ...rowsOf('anthropic-messages', 'reasoning', [
    ['thinking', 'inside', '', 'P16'],
    ['thinking.type', 'silent', 'the reasoning settings say it', '§7.1'],
    ['thinking.block_binding', 'silent', 'thoughts of Claude do not go there', '§7.4'],
  ]),
]
