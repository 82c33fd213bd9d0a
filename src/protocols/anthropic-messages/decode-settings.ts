import { isJsonObject, type JsonObject, type OutputFormat, type ReasoningSettings } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { isEmpty, type MemberReader, ownMember, readMembers } from './members.ts'
import { own, ownIfAny } from './own.ts'

export interface DecodedReasoning {
  readonly settings?: ReasoningSettings
  /** What is left of `output_config` once the effort is out; undefined where the request has none. */
  readonly outputConfig: JsonObject | undefined
}

/** `thinking` and `output_config.effort`. What else `thinking` says is the extension `thinking` of the settings. */
export const decodeReasoning = (reader: MemberReader): DecodedReasoning => {
  const thinking = reader.object('thinking')
  const config = reader.object('output_config')
  const configReader = config === undefined ? undefined : readMembers(config)
  const effort = configReader?.string('effort')
  const outputConfig = configReader?.rest()
  if (thinking === undefined && effort === undefined) return { outputConfig }
  const { members, rest } = decodeThinking(thinking ?? {})
  return {
    settings: {
      ...members,
      ...(effort === undefined ? {} : { effort }),
      ...(thinking === undefined ? {} : own({ thinking: rest })),
    },
    outputConfig,
  }
}

const decodeThinking = (
  thinking: JsonObject,
): { readonly members: ReasoningSettings; readonly rest: JsonObject } => {
  const reader = readMembers(thinking)
  const type = ownMember(thinking, 'type')
  const mode =
    type === 'enabled' || type === 'disabled' || type === 'adaptive'
      ? type
      : type === 'between_tools'
        ? 'adaptive'
        : undefined
  if (mode !== undefined && mode === type) reader.string('type')
  const budgetTokens = reader.number('budget_tokens')
  const display = reader.string('display')
  return {
    members: {
      ...(mode === undefined ? {} : { mode }),
      ...(budgetTokens === undefined ? {} : { budgetTokens }),
      ...(display === undefined ? {} : { display: display === 'omitted' ? 'none' : display }),
    },
    rest: reader.rest(),
  }
}

export interface DecodedFormat {
  readonly output?: OutputFormat
  readonly rest: JsonObject
}

/** `output_config.format`, or the beta spelling `output_format`; the latter marks the format with its name. */
export const decodeFormat = (
  reader: MemberReader,
  document: JsonDocument,
  outputConfig: JsonObject | undefined,
): DecodedFormat => {
  const configReader = outputConfig === undefined ? undefined : readMembers(outputConfig)
  const current = readSchema(configReader, 'format', document)
  if (current !== undefined) {
    const rest = configReader?.rest() ?? {}
    return {
      output: { ...current.output, ...ownIfAny(current.rest) },
      rest: isEmpty(rest) ? {} : { output_config: rest },
    }
  }
  const old = readSchema(reader, 'output_format', document)
  return {
    ...(old === undefined ? {} : { output: { ...old.output, ...own({ output_format: old.rest }) } }),
    rest: outputConfig === undefined ? {} : { output_config: outputConfig },
  }
}

const readSchema = (
  reader: MemberReader | undefined,
  key: string,
  document: JsonDocument,
): { readonly output: OutputFormat; readonly rest: JsonObject } | undefined => {
  const format = ownMember(reader?.rest() ?? {}, key)
  if (!isJsonObject(format)) return undefined
  const inner = readMembers(format)
  if (!inner.exactly('type', 'json_schema')) return undefined
  const schema = inner.object('schema')
  if (schema === undefined) return undefined
  reader?.object(key)
  return { output: { type: 'json-schema', schema: document.source(schema) }, rest: inner.rest() }
}
