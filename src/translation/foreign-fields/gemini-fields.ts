import type { JsonValue } from '../../ir/index.ts'
import { type ForeignField, rowsOf } from './foreign-field.ts'

const spelling = 'only another spelling of what is carried'

const isTextAlone = (value: JsonValue): 'silent' | undefined =>
  Array.isArray(value) && value.every((modality) => String(modality).toUpperCase() === 'TEXT')
    ? 'silent'
    : undefined

/** Names are the documented camelCase ones, however the client spelled them. */
export const geminiFields: readonly ForeignField[] = [
  ...rowsOf('gemini', 'request', [
    ['model', 'silent', 'the address names it', 'P1'],
    ['tools', 'silent', 'an empty list', 'P14'],
    ['systemInstruction', 'warn', 'system text of an unknown form', 'P13'],
    ['cachedContent', 'refuse', 'its content lies at Google', 'CA6'],
    ['safetySettings', 'warn', 'the provider has its own', 'P30'],
    ['modelArmorConfig', 'refuse', 'nobody would guard there', 'P30'],
    ['labels', 'warn', 'no counterpart', 'P19'],
    ['toolConfig', 'inside', '', 'P14'],
    ['toolConfig.includeServerSideToolInvocations', 'silent', 'other protocols always show them', 'WS9'],
    ['toolConfig.retrievalConfig', 'warn', 'a place by coordinates has no counterpart', 'WS4'],
    ['generationConfig', 'inside', '', 'P3'],
    [
      'generationConfig.responseModalities',
      'refuse',
      'the answer would be text alone',
      'P29',
      'silent when text is all',
      isTextAlone,
    ],
    ['generationConfig.speechConfig', 'refuse', 'the answer would have no voice', 'P29'],
    ['generationConfig.imageConfig', 'refuse', 'the answer would have no picture', 'P29'],
    ['generationConfig.mediaResolution', 'warn', 'no counterpart for the whole request', 'P38'],
    ['generationConfig.audioTimestamp', 'warn', 'no counterpart', 'P41'],
    ['generationConfig.audioTranscriptionConfig', 'warn', 'no counterpart', 'P41'],
    ['generationConfig.routingConfig', 'warn', 'the routes of the gateway decide', 'P41'],
    ['generationConfig.modelSelectionConfig', 'warn', 'the routes of the gateway decide', 'P41'],
    ['generationConfig.modelConfig', 'warn', 'the routes of the gateway decide', 'P41'],
    ['generationConfig.enableAffectiveDialog', 'warn', 'no counterpart', 'P29'],
    ['generationConfig.responseLogprobs', 'silent', spelling, 'P11'],
    ['routingConfig', 'warn', 'the routes of the gateway decide', 'P41'],
    ['modelSelectionConfig', 'warn', 'the routes of the gateway decide', 'P41'],
    ['automaticContinuation', 'warn', 'no counterpart', 'P41'],
    ['continuationToken', 'refuse', 'the answer that it continues lies at Google', 'P41'],
  ]),
  ...rowsOf('gemini', 'turn', [['role', 'silent', spelling, '§4.1']]),
  ...rowsOf('gemini', 'part', [
    ['thought', 'silent', spelling, 'RC1'],
    ['partMetadata', 'silent', 'of the client for itself', '§1.4'],
    ['mediaResolution', 'warn', 'only pictures have a resolution elsewhere', 'I4'],
    ['videoMetadata', 'refuse', 'the whole video is something else than a piece of it', 'VI1'],
    ['functionCall', 'inside', '', 'TC1'],
    ['functionCall.partialArgs', 'silent', 'a piece of a stream', '§5.3'],
    ['functionCall.willContinue', 'silent', 'a piece of a stream', '§5.3'],
    ['functionResponse', 'inside', '', 'TR1'],
    ['functionResponse.scheduling', 'warn', 'no counterpart', 'TR8'],
    ['functionResponse.willContinue', 'warn', 'no counterpart', 'TR8'],
    ['code', 'inside', '', 'CE2'],
    ['code.language', 'silent', 'Python is what everybody runs', 'CE2'],
    ['code.outcome', 'silent', spelling, 'CE6'],
    ['code.id', 'silent', spelling, 'CE2'],
  ]),
  ...rowsOf('gemini', 'tool', [
    ['description', 'silent', spelling, 'TD1'],
    ['parameters', 'silent', spelling, 'TD2'],
    ['parametersJsonSchema', 'silent', spelling, 'TD2'],
    ['response', 'silent', 'the tools pass says it', 'TD7'],
    ['responseJsonSchema', 'silent', 'the tools pass says it', 'TD7'],
    ['behavior', 'silent', 'the tools pass says it', 'TD8'],
  ]),
  ...rowsOf('gemini', 'tool choice', [
    ['streamFunctionCallArguments', 'silent', 'a wish about streaming', 'TD12'],
  ]),
  ...rowsOf('gemini', 'output', [
    ['responseMimeType', 'silent', spelling, 'SO1'],
    ['responseJsonSchema', 'silent', spelling, 'SO1'],
    ['responseSchema', 'silent', spelling, 'SO1'],
  ]),
]
