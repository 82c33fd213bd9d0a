import { extend, isJsonObject, type JsonObject, type Part } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { type ObjectReader, readObject } from './read-object.ts'
import { serverToolOfType } from './server-tools.ts'

/**
 * Parts of tools that ran at the provider. Inputs and outcomes are said in the shapes that other protocols share:
 * code as `{"code"}`, its outcome as a list of logs, a search as `{"queries"}`. What else the wire said of them is kept
 * beside. Undefined for every other part.
 */
export const serverPart = (document: JsonDocument, reader: ObjectReader): Part | undefined => {
  const code = reader.object('executableCode')
  if (code !== undefined) return codeCall(code)
  const ran = reader.object('codeExecutionResult')
  if (ran !== undefined) return codeResult(ran)
  const call = reader.object('toolCall')
  if (call !== undefined) {
    const inner = readObject(call)
    const id = inner.string('id')
    const name = inner.string('toolType') ?? ''
    const args = inner.object('args')
    const input = document.source(args ?? {})
    const tool = serverToolOfType(name)
    return { type: 'server-call', tool, name, ...(id === undefined ? {} : { id }), input }
  }
  const response = reader.object('toolResponse')
  if (response === undefined) return undefined
  const inner = readObject(response)
  const id = inner.string('id')
  const name = inner.string('toolType') ?? ''
  const output = document.source(inner.object('response') ?? {})
  const tool = serverToolOfType(name)
  return { type: 'server-result', tool, name, ...(id === undefined ? {} : { callId: id }), output }
}

/** Members of a code call or outcome that the canonical form has no word for. */
export const codeNote = '$code'

const codeCall = (wire: JsonObject): Part => {
  const reader = readObject(wire)
  const id = reader.string('id')
  const code = reader.string('code') ?? ''
  return {
    type: 'server-call',
    tool: 'code-execution',
    name: 'code_execution',
    ...(id === undefined ? {} : { id }),
    input: JSON.stringify({ code }),
    ...noted(reader.rest()),
  }
}

const codeResult = (wire: JsonObject): Part => {
  const reader = readObject(wire)
  const id = reader.string('id')
  const logs = reader.string('output')
  const isGood = wire['outcome'] === 'OUTCOME_OK' || wire['outcome'] === 1
  return {
    type: 'server-result',
    tool: 'code-execution',
    name: 'code_execution',
    ...(id === undefined ? {} : { callId: id }),
    output: JSON.stringify(logs === undefined ? [] : [{ type: 'logs', logs }]),
    ...(isGood ? {} : { isError: true }),
    ...noted(reader.rest()),
  }
}

const noted = (rest: JsonObject) =>
  isJsonObject(rest) && Object.keys(rest).length > 0 ? extend('gemini', { [codeNote]: rest }) : {}
