import { type GenerateRequest, isJsonObject, type JsonValue } from '../../ir/index.ts'
import { type ForeignField, rowsOf } from './foreign-field.ts'

const spelling = 'only another spelling of what is carried'
const answered = 'what the answer holds is the target protocol’s to say'

const isOff =
  (...values: readonly JsonValue[]) =>
  (value: JsonValue): 'silent' | undefined =>
    values.includes(value) ? 'silent' : undefined

/** A cap on calls of provider tools caps nothing where there are none. */
const capsNothing = (_: JsonValue, { tools }: GenerateRequest): 'silent' | undefined =>
  tools.some((tool) => tool.type === 'server') ? undefined : 'silent'

/** Who may call a tool: the model, or only a program that it writes. */
export const callersOf = (value: JsonValue): 'silent' | 'warn' | undefined => {
  if (!Array.isArray(value) || !value.includes('direct')) return undefined
  return value.length === 1 ? 'silent' : 'warn'
}

export const responsesFields: readonly ForeignField[] = [
  ...rowsOf('openai-responses', 'request', [
    ['type', 'silent', 'the name of a WebSocket message', 'P12'],
    ['stream', 'silent', spelling, 'P12'],
    ['stream_options', 'inside', '', 'P12b'],
    ['stream_options.include_obfuscation', 'silent', 'padding says nothing', 'P12b'],
    ['input', 'silent', 'an empty list', 'T1'],
    ['instructions', 'warn', 'instructions that are no text', 'P13'],
    ['tools', 'silent', 'an empty list', 'P14'],
    ['tool_choice', 'silent', spelling, '§5.2'],
    ['user', 'silent', 'the newer spelling counts', 'P20'],
    ['client_metadata', 'silent', 'of the client for itself', 'clients §2'],
    ['include', 'silent', answered, 'P36'],
    [
      'truncation',
      'warn',
      'a prompt that is too long is refused',
      'P27',
      'silent when disabled',
      isOff('disabled'),
    ],
    ['context_management', 'warn', 'nobody compacts the history there', 'P27'],
    ['prompt', 'refuse', 'the template lies at OpenAI; send its text', 'P26'],
    [
      'max_tool_calls',
      'refuse',
      'nobody would count the calls',
      'P35',
      'silent without provider tools',
      capsNothing,
    ],
    ['access_programs', 'warn', 'an arrangement with OpenAI', 'P37'],
    ['generate', 'warn', 'the answer is written all the same', 'clients §2', 'silent when true', isOff(true)],
    ['conversation', 'inside', '', 'P24'],
    ['conversation.id', 'silent', spelling, 'P24'],
    ['image', 'inside', '', 'P38'],
    ['image.context_compression', 'warn', 'pictures go as they are', 'P38'],
    ['prompt_cache_options', 'silent', 'caching is a matter of cost', 'P31'],
    ['reasoning', 'inside', '', 'P16'],
    ['reasoning.generate_summary', 'silent', spelling, '§7.1'],
    ['reasoning.summary', 'silent', spelling, '§7.1'],
    ['reasoning.mode', 'silent', 'the reasoning settings say it', 'P43'],
    [
      'reasoning.context',
      'warn',
      'which thoughts go back is not a setting there',
      'P27',
      'silent for auto and all_turns',
      isOff('auto', 'all_turns'),
    ],
    ['text', 'inside', '', 'P18'],
    ['text.format', 'warn', 'a format of an unknown type', 'P18'],
  ]),
  ...rowsOf('openai-responses', 'turn', [
    ['id', 'silent', 'ids of items stay at OpenAI', '§1.6'],
    ['type', 'silent', spelling, '§1.6'],
    ['role', 'silent', spelling, '§4.1'],
    ['status', 'silent', 'every item of a history is complete', 'RO7'],
    ['phase', 'silent', 'no counterpart, and no loss', 'T2'],
    ['content', 'silent', spelling, 'RC1'],
    ['summary', 'silent', spelling, 'RC1'],
    ['encrypted_content', 'silent', spelling, 'RC2'],
    ['created_by', 'silent', 'of the client for itself', 'clients §2'],
    ['internal_chat_message_metadata_passthrough', 'silent', 'of the client for itself', 'clients §2'],
    [
      'caller',
      'warn',
      'that a program called it',
      'TC5',
      'silent when direct',
      (value) => (isJsonObject(value) && value['type'] === 'direct' ? 'silent' : undefined),
    ],
    ['text', 'inside', '', 'S6'],
    ['reasoning', 'inside', '', 'S6'],
    ['agent', 'silent', 'of the client for itself', 'clients §2'],
  ]),
  ...rowsOf('openai-responses', 'part', [
    ['part', 'inside', '', 'T1'],
    ['part.annotations', 'silent', spelling, '§9'],
    ['part.logprobs', 'silent', 'of an earlier answer', 'P11'],
    ['part.obfuscation', 'silent', 'padding says nothing', 'P12b'],
    ['part.type', 'silent', spelling, 'T1'],
    ['part.detail', 'silent', spelling, 'I4'],
    ['part.filename', 'silent', spelling, 'D6'],
    ['part.prompt_cache_breakpoint', 'silent', 'caching is a matter of cost', 'CA1'],
    ['refusalKey', 'silent', spelling, '§4.6'],
  ]),
  ...rowsOf('openai-responses', 'tool', [
    ['type', 'silent', spelling, 'TD1'],
    ['description', 'silent', spelling, 'TD1'],
    ['strict', 'silent', spelling, 'TD3'],
    ['parameters', 'silent', spelling, 'TD2'],
    [
      'allowed_callers',
      'refuse',
      'only a program of the model may call it',
      'TD6',
      'silent for direct alone, a warning when direct is among them',
      callersOf,
    ],
    ['defer_loading', 'silent', 'the tools pass says it', 'TD5'],
    ['output_schema', 'silent', 'the tools pass says it', 'TD7'],
    ['async', 'silent', 'the tools pass says it', 'TD8'],
  ]),
  ...rowsOf('openai-responses', 'tool choice', [['tools', 'silent', spelling, '§5.2']]),
]
