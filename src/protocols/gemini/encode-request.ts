import { GatewayError } from '../../errors.ts'
import {
  extensionOf,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type Part,
} from '../../ir/index.ts'
import { rawJson, writeJson } from '../../wire/index.ts'
import type { EncodedRequest, TargetContext } from '../protocol.ts'
import { emptyNote, versionNote } from './decode-request.ts'
import { encodeSettings } from './encode-settings.ts'
import { encodeTools, foreignToolChoice, ownToolChoice } from './encode-tools.ts'
import { encodeTurns } from './encode-turns.ts'
import { splitSystem } from './foreign-turns.ts'
import { type Losses, losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import { noteLosses } from './request-losses.ts'
import { tierOf } from './service-tier.ts'

/**
 * A canonical request in Gemini's words. The model and the choice of streaming stand in the path.
 * @throws GatewayError `gateway_translation_unsupported` for what another protocol said and must not be lost
 */
export const encodeRequest = (asked: GenerateRequest, target: TargetContext): EncodedRequest => {
  const lost = losses()
  const isForeign = asked.protocol !== 'gemini'
  if (isForeign) noteLosses(asked, lost)
  const request = isForeign ? withTurnSettings(asked, lost) : asked
  const extension = extensionOf(request, 'gemini')
  const tools = encodeTools(request.tools, isForeign, lost)
  const calling = isForeign ? foreignToolChoice(request, target, lost) : ownToolChoice(request)
  const known = {
    systemInstruction: encodeSystem(request),
    contents: encodeTurns(request, target, lost),
    tools: tools.length === 0 ? undefined : tools,
    toolConfig: withInner({ functionCallingConfig: calling }, extension['$toolConfig']),
    generationConfig: withInner(encodeSettings(request, target, lost), extension['$generationConfig']),
    serviceTier: encodeTier(request, lost),
    store: request.store,
  }
  const version = extension[versionNote]
  const method = target.stream ? ':streamGenerateContent?alt=sse' : ':generateContent'
  const model = target.model.split('/').map(encodeURIComponent).join('/')
  return {
    path: `/${typeof version === 'string' ? version : 'v1beta'}/models/${model}${method}`,
    body: writeJson(writeMembers(known, extension)),
    headers: { 'content-type': 'application/json' },
    warnings: lost.warnings,
  }
}

/** An inner object with what the extension kept of it; absent when it would say nothing, unless the source had it. */
const withInner = (known: Readonly<Record<string, unknown>>, rest: unknown): object | undefined => {
  const extension: JsonObject = isJsonObject(rest) ? rest : {}
  const members = writeMembers(known, extension)
  return Object.keys(members).length > 0 || extension[emptyNote] === true ? members : undefined
}

/** One part for each block; system text is all that stands here. */
const encodeSystem = (request: GenerateRequest): unknown => {
  if (request.protocol !== 'gemini') return foreignSystem(splitSystem(request.turns).system)
  const turns = request.turns.filter((turn) => turn.role === 'system' && turn.placement !== 'inline')
  const [only] = turns
  if (only === undefined) return undefined
  if (turns.length === 1 && only.form === 'string' && only.parts[0]?.type === 'text')
    return only.parts[0].text
  const parts = turns.flatMap((turn) =>
    turn.parts.flatMap((part): object[] => {
      if (part.raw?.protocol === 'gemini') return [rawJson(part.raw.json)]
      return part.type === 'text' ? [writeMembers({ text: part.text }, extensionOf(part, 'gemini'))] : []
    }),
  )
  return writeMembers({ parts }, extensionOf(only, 'gemini'))
}

const foreignSystem = (system: readonly Part[]): object | undefined => {
  const parts = system.flatMap((part) => {
    if (part.type !== 'text') throw notText(part)
    return part.text === '' ? [] : [{ text: part.text }]
  })
  return parts.length === 0 ? undefined : { parts }
}

const notText = (part: Part): GatewayError =>
  new GatewayError(
    'gateway_translation_unsupported',
    `system text cannot hold a part of type ${part.type} here: move it into a user message`,
    part.at === undefined ? {} : { param: part.at },
  )

const encodeTier = (request: GenerateRequest, lost: Losses): string | undefined => {
  if (request.protocol === 'gemini' || request.serviceTier === undefined) return request.serviceTier
  const { word, loss } = tierOf(request.serviceTier)
  if (loss !== undefined) {
    const reason = word === undefined ? 'Gemini has no such tier' : `${word} is the nearest`
    lost.add(loss, 'service tier', 'serviceTier', reason)
  }
  return word
}

/**
 * What holds from a turn on (translation.md §4.1, S6) holds for the whole request here: the last settings count, and
 * tools join the list.
 */
const withTurnSettings = (request: GenerateRequest, lost: Losses): GenerateRequest => {
  let { reasoning, output } = request
  const tools = [...request.tools]
  for (const turn of request.turns) {
    if (turn.reasoning !== undefined) reasoning = { ...reasoning, ...turn.reasoning }
    output = turn.output ?? output
    if (turn.tools === undefined) continue
    lost.add('approximated', 'tools added later', turn.at ?? 'tools', 'offered from the start')
    for (const tool of turn.tools) {
      const known = tools.findIndex((one) => one.type === tool.type && one.name === tool.name)
      if (known < 0) tools.push(tool)
      else tools[known] = tool
    }
  }
  return {
    ...request,
    tools,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(output === undefined ? {} : { output }),
  }
}
