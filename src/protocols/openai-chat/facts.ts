import { GatewayError } from '../../errors.ts'
import {
  booleanMember,
  type JsonScan,
  numberMember,
  type Span,
  stringMember,
  valueAt,
  type WatchedMember,
} from '../../wire/index.ts'
import { openaiService } from '../openai-service.ts'
import type { HandleReference, RequestFacts, ScannedRequest } from '../protocol.ts'
import { isFileMember } from './handle-places.ts'
import { objectOf, optional, stringOf } from './members.ts'
import { sessionOf } from './session.ts'
import { askForUsage } from './usage-request.ts'

/** `include_usage` for its splice, the others hold ids of upstream state. */
export const watchedKeys: ReadonlySet<string> = new Set(['include_usage', 'file_id', 'audio'])

export const facts = (request: ScannedRequest): RequestFacts => {
  if (request.endpoint.operation !== 'generate') {
    return { ...optional('model', request.parameters['model']), stream: false, handles: [] }
  }
  const { scan } = request
  if (scan.rootType !== 'object') throw wrongType('body', 'an object', scan.rootType)
  const model = expectString(scan, 'model')
  const modelSpan = model === undefined ? undefined : scan.top.get('model')
  const stream = expectBoolean(scan, 'stream') ?? false
  const limit = expectInteger(scan, 'max_completion_tokens') ?? expectInteger(scan, 'max_tokens')
  return {
    ...optional('model', model),
    ...optional('modelSpan', modelSpan),
    stream,
    ...optional('maxOutputTokens', limit),
    ...optional('service', openaiService(stringMember(scan, 'service_tier'))),
    ...optional('session', sessionOf(request.headers, stringMember(scan, 'prompt_cache_key'))),
    handles: handlesOf(scan),
    ...optional('askForUsage', stream ? askForUsage(scan, wrongType) : undefined),
  }
}

/** Files, and spoken answers that a later turn refers to by id. */
const handlesOf = (scan: JsonScan): readonly HandleReference[] => {
  const messages = scan.top.get('messages')
  if (messages === undefined || scan.watched.length === 0) return []
  return scan.watched.flatMap((member): readonly HandleReference[] => {
    if (member.start < messages.start || member.end > messages.end) return []
    if (member.key === 'file_id' && isFileMember(member.depth)) {
      const id = stringOf(valueAt(scan, member))
      return id === undefined ? [] : [{ kind: 'file', id, path: 'messages' }]
    }
    if (member.key === 'audio' && isObject(scan, member)) {
      const id = stringOf(objectOf(valueAt(scan, member))?.['id'])
      return id === undefined ? [] : [{ kind: 'other', id, path: 'messages' }]
    }
    return []
  })
}

const isObject = (scan: JsonScan, member: WatchedMember): boolean => scan.text[member.start] === '{'

const expectString = (scan: JsonScan, key: string): string | undefined =>
  expect(scan, key, 'a string', stringMember(scan, key))

const expectBoolean = (scan: JsonScan, key: string): boolean | undefined =>
  expect(scan, key, 'a boolean', booleanMember(scan, key))

const expectInteger = (scan: JsonScan, key: string): number | undefined => {
  const value = numberMember(scan, key)
  return expect(scan, key, 'an integer', value !== undefined && Number.isInteger(value) ? value : undefined)
}

/** @throws GatewayError when the member is there, is not null, and has no value of its type */
const expect = <T>(scan: JsonScan, key: string, type: string, value: T | undefined): T | undefined => {
  const span = scan.top.get(key)
  if (value !== undefined || span === undefined) return value
  const found = typeOf(scan, span)
  if (found === 'null' && key !== 'model') return undefined
  throw wrongType(key, type, found)
}

/** As OpenAI says it. */
const wrongType = (param: string, expected: string, found: string): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    `invalid type for '${param}': expected ${expected}, but got ${article(found)} instead`,
    param === 'body' ? {} : { param },
  )

const article = (type: string): string =>
  type === 'null' ? 'null' : `${/^[aio]/.test(type) ? 'an' : 'a'} ${type}`

const typeOf = (scan: JsonScan, span: Span): string => {
  const first = scan.text[span.start]
  if (first === '{') return 'object'
  if (first === '[') return 'array'
  if (first === '"') return 'string'
  if (first === 't' || first === 'f') return 'boolean'
  if (first === 'n') return 'null'
  return /^-?\d+$/.test(scan.text.slice(span.start, span.end)) ? 'integer' : 'decimal'
}
