import { extensionOf, type GenerateRequest, type JsonObject } from '../../ir/index.ts'
import { RawJson, writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { adoptRequest, includeOf } from './adopt-request.ts'
import { encodeInput, type Item } from './encode-input.ts'
import { encodeTools } from './encode-tools.ts'
import { createLosses } from './losses.ts'
import { patched } from './patch.ts'
import { protocolId } from './wire.ts'
import { writeSettings } from './write-settings.ts'

/**
 * A generate request as `POST /v1/responses`. Equal requests give equal bytes.
 * @throws GatewayError `gateway_translation_unsupported` for what must not be lost and cannot be said
 */
export const encodeRequest = (request: GenerateRequest, target: TargetContext): EncodedRequest => {
  const losses = createLosses()
  const body =
    request.protocol === protocolId ? ownBody(request, target, losses) : foreignBody(request, target, losses)
  return {
    path: '/v1/responses',
    body: writeJson(body),
    headers: { 'content-type': 'application/json' },
    warnings: losses.warnings,
  }
}

type Losses = ReturnType<typeof createLosses>

const ownBody = (request: GenerateRequest, target: TargetContext, losses: Losses) => {
  const { input, ...patch } = extensionOf(request, protocolId)
  const items = encodeInput(request, target, losses)
  const tools = encodeTools(request.tools, true, 'tools', losses)
  return {
    ...patched(writeSettings(request, target), patch),
    ...(target.model === '' ? {} : { model: target.model }),
    ...(target.stream ? { stream: true } : {}),
    ...(items.length > 0
      ? { input: patch['$input'] === 'string' ? (wholeText(items) ?? items) : items }
      : input === undefined
        ? {}
        : { input }),
    ...(tools.length > 0 ? { tools } : {}),
  }
}

const foreignBody = (request: GenerateRequest, target: TargetContext, losses: Losses) => {
  const adopted = adoptRequest(request, target, losses)
  const items = encodeInput(adopted, target, losses)
  const tools = encodeTools(request.tools, false, 'tools', losses)
  return {
    ...writeSettings(adopted, target),
    include: includeOf(adopted, target),
    input: items,
    ...(tools.length > 0 ? { tools } : {}),
    ...capOf(request),
  }
}

/** What holds a foreign client's search to its number of uses is said of the request as a whole. */
const capOf = (request: GenerateRequest): JsonObject => {
  const { max_tool_calls: cap } = extensionOf(request, protocolId)
  return cap === undefined ? {} : { max_tool_calls: cap }
}

/** The text of an input that is nothing but one plain user message. */
const wholeText = (items: readonly Item[]): string | undefined => {
  const [item] = items
  if (items.length !== 1 || item === undefined || item instanceof RawJson || item['role'] !== 'user') {
    return undefined
  }
  return typeof item['content'] === 'string' ? item['content'] : undefined
}
