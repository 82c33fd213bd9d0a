/** What sidecars may not let through is not said by asking for a kept answer either, whoever keeps it. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type SseFrame, sseDecoder } from '../../src/wire/index.ts'
import { oneCall, startGateway, type TestGateway, waitFor } from '../support/gateway.ts'
import { type KeepingUpstream, numberOf, startKeeping } from '../support/keeping-upstream.ts'
import { type MirrorUpstream, startMirror } from '../support/mirror-upstream.ts'
import { type SidecarServer, startSidecars } from '../support/sidecar-server.ts'

setDefaultTimeout(60_000)

let keeping: KeepingUpstream
let mirror: MirrorUpstream
let sidecars: SidecarServer
let gateway: TestGateway
const keys = new Map<string, string>()

beforeAll(async () => {
  keeping = startKeeping()
  mirror = startMirror()
  sidecars = startSidecars()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      `  keeps: { kind: openai-compatible, protocols: [openai-responses], base_url: "${keeping.url}/x/v1", api_key: sk-a, models: ["m-kept"] }`,
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${mirror.url}/chat/v1", api_key: sk-b, models: ["m-chat"] }`,
      'firewall:',
      '  input: off',
      '  output: off',
      '  sidecars:',
      `    - { id: names, kind: presidio, url: '${sidecars.url}', timeout: 5s }`,
      '  overrides:',
      '    - { key: watched, detectors: { names: { input: redact, output: monitor } } }',
      '    - { key: guarded, detectors: { names: { input: redact, output: redact } } }',
      '    - { key: strict, detectors: { names: { input: redact, output: enforce } } }',
    ],
  })
  for (const name of ['watched', 'guarded', 'strict']) {
    const made = await gateway.admin('/keys', { method: 'POST', body: JSON.stringify({ name }) })
    keys.set(name, (made as { secret: string }).secret)
  }
})

afterAll(async () => {
  await gateway.stop()
  await keeping.stop()
  await mirror.stop()
  await sidecars.stop()
})

/** Repeats who was spoken of, and brings in somebody new. */
const gossip = (known: string) => {
  const [dan = 'Dan Smith'] = /\[PERSON_[0-9A-Z]{6,}\]/.exec(known) ?? []
  return { text: `${dan} met Eve Stone.`, input: { who: `${dan} and Eve Stone` } }
}

beforeEach(() => {
  keeping.say = gossip
  mirror.say = gossip
})

const send = (key: string, path: string, body?: object): Promise<Response> =>
  fetch(`${gateway.url}/v1/responses${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${keys.get(key)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

interface Answer {
  readonly id: string
  readonly status: string
  readonly output: readonly { readonly call_id?: string }[]
}

const answerOf = async (response: Response): Promise<Answer> => {
  expect(response.status).toBe(200)
  return (await response.json()) as Answer
}

const framesOf = async (response: Response): Promise<readonly SseFrame[]> => {
  expect(response.status).toBe(200)
  const decoder = sseDecoder()
  return [...decoder.push(await response.bytes()), ...decoder.end()]
}

const lastOf = (frames: readonly SseFrame[]): { type: string; response: Answer } =>
  JSON.parse(frames.at(-1)?.data ?? 'null')

const saidBy = (frames: readonly SseFrame[]): string =>
  frames
    .map(({ data }) => JSON.parse(data) as { type: string; delta?: string })
    .flatMap(({ type, delta }) => (type === 'response.output_text.delta' ? [delta ?? ''] : []))
    .join('')

const words = /Dan Smith met \[PERSON_\w+\]\./

/** The new name is nowhere, the old one came back. */
const expectGuarded = (answer: unknown): void => {
  const text = JSON.stringify(answer)
  expect(text).toMatch(words)
  expect(text).toMatch(/Dan Smith and \[PERSON_\w+\]/)
  expect(text).not.toContain('Eve')
}

const asked = { instructions: 'We speak of Dan Smith.', input: 'Whom did he meet?' }

describe('answers that a provider keeps', () => {
  const model = 'm-kept'

  test.each(['watched', 'guarded'])('are judged when they are asked for: made by %s', async (maker) => {
    const made = await answerOf(await send(maker, '', { ...asked, model }))
    if (maker === 'guarded') expectGuarded(made)
    else expect(JSON.stringify(made)).toContain('Dan Smith met Eve Stone.')
    expectGuarded(await answerOf(await send('guarded', `/${made.id}`)))
    const streamed = await framesOf(await send('guarded', `/${made.id}?stream=true`))
    expect(saidBy(streamed)).toMatch(words)
    expectGuarded(lastOf(streamed))
    expect(streamed.map(({ data }) => data).join()).not.toContain('Eve')
    for (const path of ['', '?stream=true']) {
      const refused = await (await send('strict', `/${made.id}${path}`)).text()
      expect(refused).toContain('names found PERSON')
      expect(refused).not.toMatch(/Eve| met /)
    }
    const middle = await send('guarded', `/${made.id}?stream=true&starting_after=3`)
    expect(middle.status).toBe(400)
  })

  test('are judged as items', async () => {
    const first = await answerOf(await send('watched', '', { ...asked, model }))
    const more = { model, previous_response_id: first.id, input: 'And then?' }
    const next = await answerOf(await send('watched', '', more))
    const items = `/${next.id}/input_items`
    expect(await (await send('watched', items)).text()).toContain('Eve Stone')
    expectGuarded(await (await send('guarded', items)).json())
    const refused = await send('strict', items)
    expect(refused.status).toBe(400)
    expect(await refused.text()).not.toContain('Eve')
  })

  test('are streamed with the numbers of their events where the policy only tells', async () => {
    const made = await answerOf(await send('watched', '', { ...asked, model }))
    const streamed = await framesOf(await send('watched', `/${made.id}?stream=true`))
    expect(saidBy(streamed)).toBe('Dan Smith met Eve Stone.')
    expect(streamed.map(numberOf)).toEqual(streamed.map((_, index) => index))
    const rest = await framesOf(await send('watched', `/${made.id}?stream=true&starting_after=3`))
    expect(rest.map(numberOf)).toEqual(streamed.slice(4).map(numberOf))
  })
})

describe('answers that the gateway keeps', () => {
  const model = 'm-chat'

  /** What is kept: nobody looks at it again. */
  const kept = async (id: string, key = 'guarded') => answerOf(await send(key, `/${id}`))

  test('are kept as they were said', async () => {
    const whole = await answerOf(await send('guarded', '', { ...asked, model }))
    expectGuarded(whole)
    expect(await kept(whole.id)).toEqual(whole)
    const streamed = await framesOf(await send('guarded', '', { ...asked, model, stream: true }))
    expect(saidBy(streamed)).toMatch(words)
    const { response } = lastOf(streamed)
    expectGuarded(response)
    expect(await kept(response.id)).toEqual(response)
    const again = await framesOf(await send('guarded', `/${response.id}?stream=true`))
    expect(again.map(numberOf)).toEqual(streamed.map(numberOf))
    expect(saidBy(again)).toBe(saidBy(streamed))
  })

  test('are kept word for word where nothing is changed', async () => {
    mirror.say = () => ({ text: 'Nobody at all.', input: {} })
    const whole = await answerOf(await send('guarded', '', { ...asked, model }))
    expect(JSON.stringify(whole)).toContain('Nobody at all.')
    expect(await kept(whole.id)).toEqual(whole)
    const call = whole.output.find(({ call_id }) => call_id !== undefined)
    const input = [{ type: 'function_call_output', call_id: call?.call_id, output: 'Sure?' }]
    const more = { model, previous_response_id: whole.id, input }
    const next = await answerOf(await send('guarded', '', more))
    expect(next).toMatchObject({ previous_response_id: whole.id })
    expect(mirror.last()).toContain('Nobody at all.')
    expect(await kept(next.id)).toEqual(next)
  })

  test('are not kept with what was refused', async () => {
    const streamed = await framesOf(await send('strict', '', { ...asked, model, stream: true }))
    const all = streamed.map(({ data }) => data).join()
    expect(all).toContain('names found PERSON')
    expect(all).not.toMatch(/Eve| met /)
    const { id } = (JSON.parse(streamed[0]?.data ?? 'null') as { response: Answer }).response
    expect(await (await send('strict', `/${id}`)).text()).not.toMatch(/Eve| met /)
    const whole = await send('strict', '', { ...asked, model })
    expect(whole.status).toBe(400)
  })

  test.each(['guarded', 'strict'])('are judged in the background: %s', async (key) => {
    const queued = await answerOf(await send(key, '', { ...asked, model, background: true }))
    const done = await waitFor(async () => {
      const now = await kept(queued.id, key)
      return ['queued', 'in_progress'].includes(now.status) ? undefined : now
    })
    if (key === 'guarded') expectGuarded(done)
    else expect(done.status).toBe('failed')
    expect(JSON.stringify(done)).not.toContain('Eve')
    const streamed = await framesOf(await send(key, '', { ...asked, model, background: true, stream: true }))
    expect(streamed.map(({ data }) => data).join()).not.toContain('Eve')
    if (key === 'guarded') expect(saidBy(streamed)).toMatch(words)
  })
})
