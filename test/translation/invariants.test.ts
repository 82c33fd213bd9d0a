/**
 * What holds for every request, answer and stream in every pair of protocols: identity within a protocol, equal bytes
 * for equal bytes, prompts that only grow, and that what goes out is valid, whole and honestly told of.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { GatewayError } from '../../src/errors.ts'
import { type GenerateRequest, isJsonObject } from '../../src/ir/index.ts'
import type { WireRequest } from '../../src/protocols/index.ts'
import { warningsHeader } from '../../src/translation/index.ts'
import type { SseFrame } from '../../src/wire/index.ts'
import { corpusAvailable, runMachine } from '../support/corpus.ts'
import {
  type Difference,
  DifferenceLedger,
  describeDifferences,
  differences,
} from '../support/differences.ts'
import { brokenPrefix } from '../support/prompt-prefix.ts'
import {
  answerCases,
  type Client,
  cells,
  clients,
  type RequestCase,
  requestCases,
  streamCases,
} from './cases.ts'
import { codecOf, eventsOf, generousTarget, read, replyOf, type Sent, send } from './cell.ts'
import { emittedDigest, sampled } from './emitted-digest.ts'
import { kindsOf, mistyped } from './wire-types.ts'

const hasCorpus = corpusAvailable('the invariants of translation over recorded traffic')

const requests = requestCases()
const answers = answerCases()
const streams = streamCases()

const decoder = new TextDecoder()
const bodyOf = (bytes: Uint8Array): unknown => JSON.parse(decoder.decode(bytes))

/** Every failure of a run at once. */
const collector = () => {
  const faults: string[] = []
  return {
    note: (where: string, found: readonly Difference[]): void => {
      if (found.length > 0) faults.push(`${where}:\n${describeDifferences(found)}`)
    },
    fail: (fault: string): void => {
      faults.push(fault)
    },
    settle: (): void =>
      expect(faults.length === 0 ? '' : `${faults.length}:\n${faults.slice(0, 12).join('\n')}`).toBe(''),
  }
}

const expectAllUsed = <Context>(ledger: DifferenceLedger<Context>): void => {
  if (!hasCorpus) return
  expect(ledger.unused().map(({ at, reason }) => `${at} (${reason})`)).toEqual([])
}

describe('within one protocol', () => {
  const plain = (protocol: Client, isStream: boolean) =>
    replyOf({ protocol, model: 'model', stream: isStream, turns: [], tools: [], sampling: {} })

  test('a request is written as it was read', () => {
    const { note, settle } = collector()
    for (const { name, client, wire } of requests) {
      const codec = codecOf(client)
      const request = codec.decodeRequest(wire)
      const { body } = codec.encodeRequest(request, { model: request.model, stream: request.stream })
      note(name, differences(bodyOf(wire.body), JSON.parse(body)))
    }
    settle()
  })

  test('an answer is written as it was read', () => {
    const ledger = new DifferenceLedger([
      {
        at: 'candidates[*].content.parts[*]',
        change: 'added',
        reason: 'an empty turn would be forgotten by its client',
      },
    ])
    const { note, settle } = collector()
    for (const { name, upstream, wire } of answers) {
      const codec = codecOf(upstream)
      const { body } = codec.encodeResponse(codec.decodeResponse(wire), plain(upstream, false))
      note(name, ledger.unlisted(differences(bodyOf(wire.body), JSON.parse(body))))
    }
    settle()
    expectAllUsed(ledger)
  })

  test('a stream is written as it was read', () => {
    const ledger = new DifferenceLedger([
      { at: '[*].data.content_block.input', change: 'added', reason: 'a call begins with an empty input' },
      { at: '[*].data.request_id', change: 'added', reason: 'an error names its request, or null' },
    ])
    const { note, settle } = collector()
    for (const { name, upstream, frames } of streams) {
      const written = runMachine(
        codecOf(upstream).streamEncoder(plain(upstream, true)),
        eventsOf(upstream, frames),
      )
      note(name, ledger.unlisted(differences(frames.map(parsed), written.map(parsed))))
    }
    settle()
    expectAllUsed(ledger)
  })
})

const parsed = ({ event, data }: SseFrame): unknown => {
  const named = event === undefined ? {} : { event }
  try {
    return { ...named, data: JSON.parse(data) }
  } catch {
    return { ...named, data }
  }
}

interface Crossing extends RequestCase {
  readonly upstream: Client
  /** Undefined where it cannot be said. */
  readonly sent: Sent | undefined
  readonly refusal: GatewayError | undefined
}

const decoded = new Map<WireRequest, GenerateRequest>()

const readOnce = (client: Client, wire: WireRequest): GenerateRequest => {
  const request = decoded.get(wire) ?? read(client, wire)
  decoded.set(wire, request)
  return request
}

const cross = ({ client, wire, ...rest }: RequestCase, upstream: Client, strict: boolean): Crossing => {
  const crossing = { client, wire, upstream, ...rest }
  try {
    return {
      ...crossing,
      sent: send(readOnce(client, wire), client, upstream, { strict }),
      refusal: undefined,
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { ...crossing, sent: undefined, refusal: error }
  }
}

describe('a request for another protocol', () => {
  let crossings: readonly Crossing[] = []
  let other: ReturnType<typeof Bun.spawn<'ignore', 'pipe', 'inherit'>>

  beforeAll(() => {
    other = Bun.spawn([process.execPath, join(import.meta.dir, 'emitted-digest.ts')], {
      stdout: 'pipe',
      stderr: 'inherit',
      stdin: 'ignore',
      env: process.env,
    })
    crossings = cells.flatMap(([client, upstream]) =>
      requests.filter((one) => one.client === client).map((one) => cross(one, upstream, false)),
    )
  })
  afterAll(() => other.kill())

  test('is translated or refused, and refused with its place', () => {
    const { fail, settle } = collector()
    for (const { name, upstream, refusal } of crossings) {
      if (refusal === undefined) continue
      if (refusal.code !== 'gateway_translation_unsupported' || (refusal.param ?? '') === '')
        fail(`${name} to ${upstream}: ${refusal.code} at ${refusal.param}: ${refusal.message}`)
    }
    settle()
    expect(crossings.length).toBe(requests.length * 3)
  })

  test('names a place that the client wrote, whatever it loses or refuses', () => {
    const { fail, settle } = collector()
    for (const { name, client, wire, upstream, sent, refusal } of crossings) {
      const body = bodyOf(wire.body)
      const places = sent?.warnings.map(({ path, feature }) => ({ path, feature })) ?? [
        { path: refusal?.param ?? '', feature: 'refusal' },
      ]
      for (const { path, feature } of places) {
        if (!isWritten(body, path) && !impliedPlaces.some((implied) => implied(client, path, name)))
          fail(`${name} to ${upstream}: ${feature} at ${path}`)
      }
    }
    settle()
  })

  test('is told of in the header, and refused at the first loss by who is strict', () => {
    const { fail, settle } = collector()
    for (const crossing of crossings) {
      const { name, upstream, sent } = crossing
      if (sent === undefined) continue
      const header = warningsHeader(sent.warnings)
      const strict = cross(crossing, upstream, true)
      const [first] = sent.warnings
      if (first === undefined) {
        if (header !== undefined) fail(`${name} to ${upstream}: a header without a loss`)
        if (strict.sent?.sent.body !== sent.sent.body)
          fail(`${name} to ${upstream}: strict writes something else`)
        continue
      }
      const features = new Set(sent.warnings.map(({ feature }) => feature))
      for (const feature of features) {
        if (!header?.includes(`feature="${feature}"`) && !header?.includes('more='))
          fail(`${name}: ${feature} is not told`)
      }
      if ((header ?? '').length > 2048) fail(`${name}: ${header?.length} bytes of header`)
      const { refusal } = strict
      if (refusal?.code !== 'gateway_translation_unsupported' || refusal.param !== first.path)
        fail(`${name} to ${upstream}: strict says ${refusal?.message}, the first loss is at ${first.path}`)
    }
    settle()
  })

  test('has nothing of ours, no empty text, and names and ids that are taken', () => {
    const { fail, settle } = collector()
    for (const { name, upstream, sent } of crossings) {
      if (sent === undefined) continue
      for (const fault of faultsIn(upstream, sent.sent.body)) fail(`${name} to ${upstream}: ${fault}`)
    }
    settle()
  })

  test('has the types of the vendor’s own SDK', () => {
    const kinds = new Map<string, readonly [Client, string]>()
    for (const { upstream, sent } of crossings) {
      if (sent === undefined) continue
      for (const kind of kindsOf(sent.sent.body)) kinds.set(`${upstream} ${kind}`, [upstream, kind])
    }
    const { fail, settle } = collector()
    for (const { protocol, kind, message } of mistyped([...kinds.values()])) {
      if (!untyped.some(({ pattern }) => pattern.test(message)))
        fail(`${protocol}: ${message.slice(0, 300)}\n${kind.slice(0, 300)}`)
    }
    settle()
    expect(kinds.size).toBeGreaterThan(hasCorpus ? 400 : 100)
  })

  test('has equal bytes for equal bytes, in another process as well', async () => {
    const chosen = new Set(sampled(requests).map(({ wire }) => wire))
    const bodies = crossings.filter(({ wire }) => chosen.has(wire)).map(({ sent }) => sent?.sent.body ?? '')
    const here = emittedDigest(bodies)
    expect(await new Response(other.stdout).text()).toBe(here)
  })

  test('extends what was sent in the turn before', () => {
    const { fail, settle } = collector()
    let pairs = 0
    for (const { name, client, wire } of requests) {
      const asked = readOnce(client, wire)
      const begins = asked.turns.flatMap(({ role }, index) =>
        role === 'assistant' && asked.turns[index - 1]?.role === 'user' ? [index] : [],
      )
      for (const upstream of clients) {
        if (upstream === client) continue
        const target = generousTarget(upstream)
        let earlier: Sent | undefined
        // The last three are enough of conversations that are long.
        for (const length of [...begins.slice(-2), asked.turns.length]) {
          let later: Sent
          try {
            later = send({ ...asked, turns: asked.turns.slice(0, length) }, client, upstream, { target })
          } catch (error) {
            if (!(error instanceof GatewayError)) throw error
            continue
          }
          const broken = earlier && brokenPrefix(earlier.sent.body, later.sent.body, histories[upstream])
          if (earlier !== undefined) pairs++
          if (broken !== undefined && !later.warnings.some(({ feature }) => costsThePrefix.test(feature)))
            fail(`${name} to ${upstream}: ${broken.slice(0, 500)}`)
          earlier = later
        }
      }
    }
    settle()
    if (hasCorpus) expect(pairs).toBeGreaterThan(500)
  })
})

const histories: Readonly<Record<Client, string>> = {
  'openai-chat': 'messages',
  'openai-responses': 'input',
  'anthropic-messages': 'messages',
  gemini: 'contents',
}

/** Tools that came later stand at the front, and where a tool of the provider's stood, turns are joined. */
const costsThePrefix = /tools (?:found|added) later|-(?:generation|search) call/

const isWritten = (body: unknown, path: string): boolean =>
  (path.match(/[^.[\]]+/g) ?? []).reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)]
    return isJsonObject(value) ? (value[key] ?? value[inSnakeCase(key)]) : undefined
  }, body) !== undefined

/** Google's clients may write it so; it is told in the spelling of the documentation. */
const inSnakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Places that stand for what a client left to a default, or wrote in another spelling that its provider takes. */
const impliedPlaces: readonly ((client: Client, path: string, name: string) => boolean)[] = [
  // OpenAI asks before each call of an MCP server unless it is told not to.
  (client, path) => client === 'openai-responses' && /\.require_approval$/.test(path),
  // Codex cannot read several calls of one answer, so one at a time is asked for.
  (client, path, name) =>
    client === 'openai-chat' && path === 'parallel_tool_calls' && name.includes('codex'),
  // A dialect's own switch for thinking.
  (client, path) => client === 'openai-chat' && path === 'thinking.type',
]

/** Where the SDKs' types are narrower than what the service takes. */
const untyped: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /'"(?:temperature|top_p|top_k)"' does not exist/,
    reason: 'only older models take them, so the newest types leave them out',
  },
  {
    pattern: /role: "assistant"; content: \{ type: "output_text"/,
    reason: 'items of other providers have no id or status',
  },
]

const limits: Readonly<Record<Client, { readonly name: RegExp; readonly id: RegExp }>> = {
  'openai-chat': { name: /^[\w-]{1,64}$/, id: /^.{1,40}$/ },
  'openai-responses': { name: /^[\w-]{1,64}$/, id: /^.{1,64}$/ },
  'anthropic-messages': { name: /^[\w-]{1,128}$/, id: /^[\w-]+$/ },
  gemini: { name: /^[a-z_][\w.:-]{0,127}$/i, id: /^.+$/ },
}

const faultsIn = (upstream: Client, body: string): readonly string[] => {
  const faults: string[] = []
  if (/"x_tollgate|"x_gateway|TGWstate/.test(body)) faults.push('something of ours is in it')
  const { name, id } = limits[upstream]
  const walk = (value: unknown, key: string): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, key)
    if (!isJsonObject(value)) return
    const { type, text, role } = value
    if ((type === 'text' || type === 'input_text') && text === '') faults.push('an empty text')
    if (
      upstream === 'gemini' &&
      key === 'parts' &&
      text === '' &&
      value['thoughtSignature'] === undefined &&
      role === undefined
    )
      faults.push('an empty text')
    const call = calledIn(upstream, value)
    if (call !== undefined && !name.test(String(call.name))) faults.push(`the name ${String(call.name)}`)
    if (call?.id !== undefined && !id.test(String(call.id))) faults.push(`the id ${String(call.id)}`)
    for (const [inner, member] of Object.entries(value)) {
      if (!schemas.has(inner)) walk(member, inner)
    }
  }
  walk(JSON.parse(body), '')
  return faults
}

const schemas: ReadonlySet<string> = new Set([
  ...[
    'parameters',
    'input_schema',
    'parametersJsonSchema',
    'responseJsonSchema',
    'schema',
    'args',
    'input_json',
  ],
  ...['response', 'arguments', 'metadata'],
])

/** A call or a definition of a function, where this object is one. */
const calledIn = (
  upstream: Client,
  value: Readonly<Record<string, unknown>>,
): { readonly name: unknown; readonly id?: unknown } | undefined => {
  switch (upstream) {
    case 'openai-chat': {
      const { function: inner } = value
      return isJsonObject(inner) ? { name: inner['name'], id: value['id'] } : undefined
    }
    case 'openai-responses':
      return value['type'] === 'function_call' || value['type'] === 'function'
        ? { name: value['name'], id: value['call_id'] }
        : undefined
    case 'anthropic-messages':
      return value['type'] === 'tool_use' || 'input_schema' in value
        ? { name: value['name'], id: value['id'] }
        : undefined
    default: {
      const { functionCall } = value
      return isJsonObject(functionCall) ? { name: functionCall['name'], id: functionCall['id'] } : undefined
    }
  }
}
