import { isJsonObject, type JsonValue } from '../../ir/index.ts'
import { type ForeignField, rowsOf } from './foreign-field.ts'

const spelling = 'only another spelling of what is carried'

const isTextAlone = (value: JsonValue): 'silent' | undefined =>
  Array.isArray(value) && value.every((modality) => modality === 'text') ? 'silent' : undefined

/** OpenRouter's wish that nobody keeps the data, or that it goes to certain hosts alone. */
const restricts = (value: JsonValue): 'refuse' | undefined =>
  isJsonObject(value) &&
  (value['data_collection'] === 'deny' ||
    value['zdr'] === true ||
    value['only'] !== undefined ||
    value['ignore'] !== undefined ||
    value['enforce_distillable_text'] === true)
    ? 'refuse'
    : undefined

export const chatFields: readonly ForeignField[] = [
  ...rowsOf('openai-chat', 'request', [
    ['prediction', 'warn', 'it only makes the answer faster', 'P28'],
    ['modalities', 'refuse', 'the answer would be text alone', 'P29', 'silent when text is all', isTextAlone],
    ['audio', 'refuse', 'the answer would have no voice', 'P29'],
    ['stream', 'silent', spelling, 'P12'],
    ['stream_options', 'inside', '', 'P12a'],
    ['stream_options.include_usage', 'silent', 'usage is always asked for', 'P12a'],
    ['stream_options.include_obfuscation', 'silent', 'padding says nothing', 'P12b'],
    ['tools', 'silent', 'an empty list', 'P14'],
    ['functions', 'silent', spelling, '§3, old C forms'],
    ['function_call', 'silent', spelling, '§3, old C forms'],
    ['max_tokens', 'silent', 'the newer spelling counts', 'P2'],
    ['user', 'silent', 'the newer spelling counts', 'P20'],
    ['stop', 'silent', spelling, 'P6'],
    ['reasoning', 'inside', '', '§7.1'],
    ['reasoning.exclude', 'warn', 'OpenRouter alone knows it', '§7.1'],
    ['reasoning.enabled', 'warn', 'OpenRouter alone knows it', '§7.1'],
    ['reasoning_effort', 'silent', spelling, 'P16'],
    ['thinking', 'inside', '', '§7.1'],
    ['thinking.type', 'silent', spelling, '§7.1'],
    ['response_format', 'warn', 'a format of an unknown type', 'P18'],
    ['web_search_options', 'warn', 'the search switch is of an unknown form', 'P42'],
    [
      'provider',
      'warn',
      'it routes within OpenRouter',
      'P1',
      'refused when it restricts who gets the data',
      restricts,
    ],
    ['search_settings', 'refuse', 'it may restrict where to search', '§0'],
    [
      'safe_prompt',
      'refuse',
      'a guard of Mistral alone',
      '§0',
      'silent when false',
      (value) => (value === false ? 'silent' : undefined),
    ],
    ['plugins', 'warn', 'OpenRouter alone knows them', 'P42'],
    ['metadata', 'warn', 'it is no object', 'P19'],
    ['prompt_cache_options', 'silent', 'caching is a matter of cost', 'P31'],
    ['prompt_cache_retention', 'silent', 'caching is a matter of cost', 'P31'],
  ]),
  ...rowsOf('openai-chat', 'turn', [
    ['annotations', 'silent', 'of an earlier answer', '§9'],
    ['audio', 'silent', 'its id is carried', 'AU2'],
    ['content', 'silent', spelling, 'T2'],
    ['refusal', 'silent', spelling, '§4.6'],
    ['tool_calls', 'silent', 'an empty list', 'TC1'],
    ['tool_call_id', 'silent', spelling, 'TR1'],
    ['function_call', 'silent', spelling, '§3, old C forms'],
    ['cache_control', 'silent', 'the mark itself is carried', 'CA1'],
    ['prompt_cache_breakpoint', 'silent', 'the mark itself is carried', 'CA1'],
    ['reasoning_content', 'silent', 'thoughts are not history elsewhere', '§7.4'],
    ['reasoning', 'silent', 'thoughts are not history elsewhere', '§7.4'],
    ['reasoning_details', 'silent', 'thoughts are not history elsewhere', '§7.4'],
    ['reasoning_signature', 'silent', 'thoughts are not history elsewhere', '§7.4'],
    [
      'prefix',
      'warn',
      'going on with a given beginning',
      '§4.1',
      'silent when false',
      (value) => (value === false ? 'silent' : undefined),
    ],
    ['x_tollgate', 'silent', 'our own', '§1.4'],
  ]),
  ...rowsOf('openai-chat', 'part', [
    ['cache_control', 'silent', 'the mark itself is carried', 'CA1'],
    ['prompt_cache_breakpoint', 'silent', 'the mark itself is carried', 'CA1'],
    ['index', 'silent', 'the order is carried', 'TC4'],
    ['extra_content', 'silent', 'state of a model', '§1.4'],
    ['reasoning', 'silent', spelling, '§7.2'],
    ['reasoning_content', 'silent', spelling, '§7.2'],
    ['reasoning_details', 'silent', spelling, '§7.2'],
    ['function', 'inside', '', 'TC1'],
    ['function.arguments', 'silent', spelling, 'TC1'],
    ['image_url', 'inside', '', 'I1'],
    ['file', 'inside', '', 'D1'],
    ['file.filename', 'silent', spelling, 'D6'],
    ['input_audio', 'inside', '', 'AU1'],
  ]),
  ...rowsOf('openai-chat', 'tool', [
    ['cache_control', 'silent', 'the mark itself is carried', 'TD11'],
    ['type', 'silent', spelling, 'TD1'],
    ['function', 'inside', '', 'TD1'],
    ['function.parameters', 'warn', 'parameters that are no schema', 'TD2'],
    ['custom', 'inside', '', 'TD10'],
  ]),
  ...rowsOf('openai-chat', 'tool choice', [
    ['tool_choice', 'silent', spelling, '§5.2'],
    ['function', 'inside', '', '§5.2'],
    ['custom', 'inside', '', '§5.2'],
    ['allowed_tools', 'inside', '', '§5.2'],
    ['allowed_tools.tools', 'silent', spelling, '§5.2'],
  ]),
  ...rowsOf('openai-chat', 'output', [['json_schema', 'inside', '', 'SO1']]),
]
