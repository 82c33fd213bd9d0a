/** The vendors' own JavaScript SDKs, pointed at the gateway by base URL and key and otherwise as their users use them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { type FunctionDeclaration, ApiError as GeminiError, GoogleGenAI, Type } from '@google/genai'
import OpenAI from 'openai'
import { ledgerEntries, startGateway, type TestGateway, testKey } from '../support/gateway.ts'

let gateway: TestGateway
let openai: OpenAI
let anthropic: Anthropic
let gemini: GoogleGenAI

const openaiWith = (apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
const anthropicWith = (apiKey: string): Anthropic =>
  new Anthropic({ apiKey, baseURL: gateway.url, maxRetries: 0 })
const geminiWith = (apiKey: string): GoogleGenAI =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway.url } })

beforeAll(async () => {
  gateway = await startGateway()
  openai = openaiWith(testKey)
  anthropic = anthropicWith(testKey)
  gemini = geminiWith(testKey)
})

afterAll(() => gateway.stop())

const wrongKey = 'tgw-sk-wrong-0123456789abcdefghijk'
const echoed = 'You said: hello there'
const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, days: { type: 'integer' as const } },
  required: ['city'],
}

/** What the SDK threw; a call that does not fail is a failure of the test. */
const thrownBy = async (call: () => PromiseLike<unknown>): Promise<unknown> => {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('the call was expected to fail')
}

/** A body that the SDK's types would not let through. */
const invalid = <T>(body: unknown): T => body as T

describe('openai: chat completions', () => {
  const messages = [{ role: 'user' as const, content: 'hello there' }]

  test('whole', async () => {
    const answer = await openai.chat.completions.create({ model: 'loopback', messages })
    expect(answer.object).toBe('chat.completion')
    expect(answer.choices[0]?.message.content).toBe(echoed)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    )
  })

  test('several choices', async () => {
    const answer = await openai.chat.completions.create({ model: 'loopback', messages, n: 2 })
    expect(answer.choices.map((choice) => [choice.index, choice.message.content])).toEqual([
      [0, echoed],
      [1, echoed],
    ])
  })

  test('streamed, with usage in the last chunk when it is asked for', async () => {
    const stream = await openai.chat.completions.create({
      model: 'loopback',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let chunks = 0
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      chunks++
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text).toBe(echoed)
    expect(chunks).toBeGreaterThan(4)
    expect(usage?.completion_tokens).toBeGreaterThan(0)
  })

  test('streamed, without a usage chunk when it is not asked for', async () => {
    const stream = await openai.chat.completions.create({ model: 'loopback', messages, stream: true })
    const empty = []
    for await (const chunk of stream) if (chunk.choices.length === 0) empty.push(chunk)
    expect(empty).toEqual([])
    const [entry] = await ledgerEntries(gateway)
    expect(entry?.usage?.['outputTokens']).toBeGreaterThan(0)
  })

  test('with the stream helper', async () => {
    const stream = openai.chat.completions.stream({ model: 'loopback', messages })
    const deltas: string[] = []
    stream.on('content', (delta) => deltas.push(delta))
    const final = await stream.finalChatCompletion()
    expect(deltas.join('')).toBe(echoed)
    expect(final.choices[0]?.message.content).toBe(echoed)
  })

  test('with a JSON schema, parsed', async () => {
    const answer = await openai.chat.completions.parse({
      model: 'loopback',
      messages,
      response_format: { type: 'json_schema', json_schema: { name: 'weather', schema, strict: true } },
    })
    expect(answer.choices[0]?.message.parsed).toHaveProperty('city')
  })

  for (const streamed of [false, true]) {
    test(`a tool turn, ${streamed ? 'streamed' : 'whole'}`, async () => {
      const body = {
        model: 'loopback-agent',
        tools: [{ type: 'function' as const, function: { name: 'weather', parameters: schema } }],
      }
      const first = streamed
        ? await openai.chat.completions.stream({ ...body, messages }).finalChatCompletion()
        : await openai.chat.completions.create({ ...body, messages })
      const [choice] = first.choices
      const call = choice?.message.tool_calls?.[0]
      if (choice === undefined || call?.type !== 'function') throw new Error('no tool call')
      expect(choice.finish_reason).toBe('tool_calls')
      expect(call.function.name).toBe('weather')
      expect(JSON.parse(call.function.arguments)).toHaveProperty('city')
      const result = { role: 'tool' as const, tool_call_id: call.id, content: 'sunny' }
      const second = await openai.chat.completions.create({
        ...body,
        messages: [...messages, choice.message, result],
      })
      expect(second.choices[0]?.message.content).toBe('The tool answered: sunny')
      expect(second.choices[0]?.finish_reason).toBe('stop')
    })
  }

  test('the tool runner runs the tool and ends with its result', async () => {
    const runner = openai.chat.completions.runTools({
      model: 'loopback-agent',
      messages,
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'The weather',
            parameters: schema,
            parse: (text: string): { readonly city: string } => JSON.parse(text),
            function: () => 'rainy',
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('The tool answered: rainy')
  })
})

describe('openai: responses', () => {
  test('whole', async () => {
    const answer = await openai.responses.create({ model: 'loopback', input: 'hello there', store: false })
    expect(answer.object).toBe('response')
    expect(answer.status).toBe('completed')
    expect(answer.output_text).toBe(echoed)
    expect(answer.usage?.output_tokens).toBeGreaterThan(0)
  })

  test('streamed', async () => {
    const stream = await openai.responses.create({
      model: 'loopback',
      input: 'hello there',
      store: false,
      stream: true,
    })
    let text = ''
    const types: string[] = []
    const numbers: number[] = []
    for await (const event of stream) {
      types.push(event.type)
      numbers.push(event.sequence_number)
      if (event.type === 'response.output_text.delta') text += event.delta
    }
    expect(text).toBe(echoed)
    expect(types[0]).toBe('response.created')
    expect(types.at(-1)).toBe('response.completed')
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index))
  })

  test('with the stream helper', async () => {
    const stream = openai.responses.stream({ model: 'loopback', input: 'hello there', store: false })
    const final = await stream.finalResponse()
    expect(final.output_text).toBe(echoed)
    expect(final.status).toBe('completed')
  })

  for (const streamed of [false, true]) {
    test(`a tool turn, ${streamed ? 'streamed' : 'whole'}`, async () => {
      const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'hello there' }]
      const tools: OpenAI.Responses.FunctionTool[] = [
        { type: 'function', name: 'weather', parameters: schema, strict: false },
      ]
      const body = { model: 'loopback-agent', tools, store: false }
      const first = streamed
        ? await openai.responses.stream({ ...body, input }).finalResponse()
        : await openai.responses.create({ ...body, input })
      const output: readonly OpenAI.Responses.ResponseOutputItem[] = first.output
      const call = output.find((item) => item.type === 'function_call')
      if (call === undefined) throw new Error('no tool call')
      expect(call.name).toBe('weather')
      expect(JSON.parse(call.arguments)).toHaveProperty('city')
      const { call_id, name, arguments: text } = call
      const second = await openai.responses.create({
        ...body,
        input: [
          ...input,
          { type: 'function_call', call_id, name, arguments: text },
          { type: 'function_call_output', call_id, output: 'sunny' },
        ],
      })
      expect(second.output_text).toBe('The tool answered: sunny')
    })
  }

  test('with a JSON schema, parsed', async () => {
    const answer = await openai.responses.parse({
      model: 'loopback',
      input: 'hello there',
      store: false,
      text: { format: { type: 'json_schema', name: 'weather', schema } },
    })
    expect(answer.output_parsed).toHaveProperty('city')
  })
})

describe('openai: embeddings and models', () => {
  test('vectors asked for without an encoding come as base64 and are decoded by the SDK', async () => {
    const inBase64 = await openai.embeddings.create({
      model: 'loopback-embedding',
      input: ['one', 'two'],
    })
    const asNumbers = await openai.embeddings.create({
      model: 'loopback-embedding',
      input: ['one', 'two'],
      encoding_format: 'float',
    })
    expect(inBase64.data.map((one) => one.index)).toEqual([0, 1])
    const [first, second] = inBase64.data
    expect(first?.embedding.length).toBeGreaterThan(0)
    expect(first?.embedding).not.toEqual(second?.embedding)
    inBase64.data.forEach((vector, at) => {
      vector.embedding.forEach((value, place) => {
        expect(value).toBeCloseTo(asNumbers.data[at]?.embedding[place] ?? Number.NaN, 5)
      })
    })
    expect(inBase64.usage.total_tokens).toBeGreaterThan(0)
  })

  test('models are listed and retrieved', async () => {
    const listed: string[] = []
    for await (const model of openai.models.list()) listed.push(model.id)
    expect(listed).toContain('loopback')
    expect((await openai.models.retrieve('loopback-agent')).id).toBe('loopback-agent')
    expect(await thrownBy(() => openai.models.retrieve('no-such-model'))).toBeInstanceOf(OpenAI.NotFoundError)
  })
})

describe('openai: errors', () => {
  const chatOf = (client: OpenAI, model: string) =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] })

  test('a wrong key', async () => {
    const error = await thrownBy(() => chatOf(openaiWith(wrongKey), 'loopback'))
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' })
  })

  test('an unknown model, whole and streamed', async () => {
    const wanted = { status: 404, code: 'model_not_found' }
    const error = await thrownBy(() => chatOf(openai, 'loopbac'))
    expect(error).toBeInstanceOf(OpenAI.NotFoundError)
    expect(error).toMatchObject(wanted)
    expect(String(error)).toContain('did you mean loopback')
    // The Responses API says 400 where the chat API says 404.
    expect(
      await thrownBy(() => openai.responses.create({ model: 'nope', input: 'x', stream: true })),
    ).toMatchObject({ ...wanted, status: 400 })
  })

  test('an invalid body', async () => {
    for (const messages of ['not a list', undefined]) {
      const error = await thrownBy(() =>
        openai.chat.completions.create(invalid({ model: 'loopback', messages })),
      )
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
    }
    for (const input of [5, {}]) {
      const error = await thrownBy(() => openai.responses.create(invalid({ model: 'loopback', input })))
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
    }
    const error = await thrownBy(() => openai.chat.completions.create(invalid({ messages: [] })))
    expect(error).toMatchObject({ status: 400, param: 'model' })
  })
})

describe('anthropic: messages', () => {
  const messages = [{ role: 'user' as const, content: 'hello there' }]
  const body = { model: 'loopback', max_tokens: 200, messages }

  test('whole', async () => {
    const answer = await anthropic.messages.create(body)
    expect(answer.type).toBe('message')
    expect(answer.content).toMatchObject([{ type: 'text', text: echoed }])
    expect(answer.stop_reason).toBe('end_turn')
    expect(answer.usage.output_tokens).toBeGreaterThan(0)
  })

  test('cut by its limit', async () => {
    const answer = await anthropic.messages.create({ ...body, max_tokens: 1 })
    expect(answer.stop_reason).toBe('max_tokens')
  })

  test('streamed', async () => {
    const types: string[] = []
    let text = ''
    for await (const event of await anthropic.messages.create({ ...body, stream: true })) {
      types.push(event.type)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
    }
    expect(text).toBe(echoed)
    expect(types[0]).toBe('message_start')
    expect(types.at(-1)).toBe('message_stop')
  })

  test('with the stream helper', async () => {
    const stream = anthropic.messages.stream(body)
    const deltas: string[] = []
    stream.on('text', (delta) => deltas.push(delta))
    const final = await stream.finalMessage()
    expect(deltas.join('')).toBe(echoed)
    expect(final.stop_reason).toBe('end_turn')
    expect(final.usage.input_tokens).toBeGreaterThan(0)
  })

  for (const streamed of [false, true]) {
    test(`a tool turn, ${streamed ? 'streamed' : 'whole'}`, async () => {
      const tools: Anthropic.Tool[] = [{ name: 'weather', input_schema: schema }]
      const agent = { ...body, model: 'loopback-agent', tools }
      const first = streamed
        ? await anthropic.messages.stream(agent).finalMessage()
        : await anthropic.messages.create(agent)
      expect(first.stop_reason).toBe('tool_use')
      const call = first.content.find((block) => block.type === 'tool_use')
      if (call === undefined) throw new Error('no tool call')
      expect(call.name).toBe('weather')
      expect(call.input).toHaveProperty('city')
      const second = await anthropic.messages.create({
        ...agent,
        messages: [
          ...messages,
          { role: 'assistant', content: first.content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }] },
        ],
      })
      expect(second.content).toMatchObject([{ type: 'text', text: 'The tool answered: sunny' }])
    })
  }

  test('a beta call', async () => {
    const answer = await anthropic.beta.messages.create({ ...body, betas: ['context-1m-2025-08-07'] })
    expect(answer.content).toMatchObject([{ type: 'text', text: echoed }])
  })

  test('tokens are counted', async () => {
    const short = await anthropic.messages.countTokens({ model: 'loopback', messages })
    const long = await anthropic.messages.countTokens({
      model: 'loopback',
      messages: [{ role: 'user', content: 'hello there '.repeat(100) }],
    })
    expect(short.input_tokens).toBeGreaterThan(0)
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens * 10)
  })

  test('models are listed, by pages, and retrieved', async () => {
    const listed: string[] = []
    for await (const model of anthropic.models.list({ limit: 1 })) listed.push(model.id)
    expect(listed).toEqual(expect.arrayContaining(['loopback', 'loopback-agent']))
    expect(new Set(listed).size).toBe(listed.length)
    expect(await anthropic.models.retrieve('loopback')).toMatchObject({ id: 'loopback', type: 'model' })
  })
})

describe('anthropic: errors', () => {
  const body = { model: 'loopback', max_tokens: 9, messages: [{ role: 'user' as const, content: 'x' }] }

  test('a wrong key', async () => {
    const error = await thrownBy(() => anthropicWith(wrongKey).messages.create(body))
    expect(error).toBeInstanceOf(Anthropic.AuthenticationError)
    expect(error).toMatchObject({ status: 401, type: 'authentication_error' })
  })

  test('an unknown model', async () => {
    const error = await thrownBy(() => anthropic.messages.create({ ...body, model: 'nope' }))
    expect(error).toBeInstanceOf(Anthropic.NotFoundError)
    expect(error).toMatchObject({ status: 404, type: 'not_found_error' })
    expect(await thrownBy(() => anthropic.models.retrieve('nope'))).toBeInstanceOf(Anthropic.NotFoundError)
  })

  test('an invalid body', async () => {
    for (const wrong of [
      { ...body, messages: 'x' },
      { ...body, model: undefined },
    ]) {
      const error = await thrownBy(() => anthropic.messages.create(invalid(wrong)))
      expect(error).toBeInstanceOf(Anthropic.BadRequestError)
      expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
    }
  })
})

describe('genai: generateContent', () => {
  const body = { model: 'loopback', contents: 'hello there' }

  test('whole', async () => {
    const answer = await gemini.models.generateContent(body)
    expect(answer.text).toBe(echoed)
    expect(String(answer.candidates?.[0]?.finishReason)).toBe('STOP')
    expect(answer.usageMetadata?.candidatesTokenCount).toBeGreaterThan(0)
  })

  test('streamed', async () => {
    let text = ''
    let pieces = 0
    let finish: string | undefined
    for await (const chunk of await gemini.models.generateContentStream(body)) {
      pieces++
      text += chunk.text ?? ''
      finish = chunk.candidates?.[0]?.finishReason ?? finish
    }
    expect(text).toBe(echoed)
    expect(pieces).toBeGreaterThan(2)
    expect(finish).toBe('STOP')
  })

  test('in a chat', async () => {
    const chat = gemini.chats.create({ model: 'loopback' })
    expect((await chat.sendMessage({ message: 'hello there' })).text).toBe(echoed)
    expect((await chat.sendMessage({ message: 'again' })).text).toBe('You said: again')
  })

  test('with a JSON schema', async () => {
    const answer = await gemini.models.generateContent({
      ...body,
      config: { responseMimeType: 'application/json', responseJsonSchema: schema },
    })
    expect(JSON.parse(answer.text ?? '')).toHaveProperty('city')
  })

  for (const streamed of [false, true]) {
    test(`a tool turn, ${streamed ? 'streamed' : 'whole'}`, async () => {
      const weather: FunctionDeclaration = {
        name: 'weather',
        parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
      }
      const config = { tools: [{ functionDeclarations: [weather] }] }
      const agent = { model: 'loopback-agent', config }
      const user = { role: 'user', parts: [{ text: 'hello there' }] }
      const calls = []
      if (streamed) {
        const stream = await gemini.models.generateContentStream({ ...agent, contents: [user] })
        for await (const chunk of stream) calls.push(...(chunk.functionCalls ?? []))
      } else {
        const answer = await gemini.models.generateContent({ ...agent, contents: [user] })
        calls.push(...(answer.functionCalls ?? []))
      }
      const [call] = calls
      if (call === undefined) throw new Error('no tool call')
      expect(call).toMatchObject({ name: 'weather', args: { city: expect.any(String) } })
      const id = call.id === undefined ? {} : { id: call.id }
      const second = await gemini.models.generateContent({
        ...agent,
        contents: [
          user,
          { role: 'model', parts: [{ functionCall: call }] },
          {
            role: 'user',
            parts: [{ functionResponse: { ...id, name: 'weather', response: { output: 'sunny' } } }],
          },
        ],
      })
      expect(second.text).toContain('The tool answered:')
      expect(second.text).toContain('sunny')
    })
  }

  test('vectors', async () => {
    const answer = await gemini.models.embedContent({
      model: 'loopback-embedding',
      contents: ['one', 'two'],
    })
    expect(answer.embeddings?.length).toBe(2)
    expect(answer.embeddings?.[0]?.values?.length).toBeGreaterThan(0)
    expect(answer.embeddings?.[0]?.values).not.toEqual(answer.embeddings?.[1]?.values)
  })

  test('tokens are counted', async () => {
    expect((await gemini.models.countTokens(body)).totalTokens).toBeGreaterThan(0)
  })

  test('models are listed, by pages, and retrieved', async () => {
    const listed: string[] = []
    for await (const model of await gemini.models.list({ config: { pageSize: 1 } }))
      listed.push(model.name ?? '')
    expect(listed).toEqual(expect.arrayContaining(['models/loopback', 'models/loopback-agent']))
    expect(new Set(listed).size).toBe(listed.length)
    expect((await gemini.models.get({ model: 'loopback' })).name).toBe('models/loopback')
  })
})

describe('genai: errors', () => {
  const body = { model: 'loopback', contents: 'x' }

  test('a wrong key', async () => {
    const error = await thrownBy(() => geminiWith(wrongKey).models.generateContent(body))
    expect(error).toBeInstanceOf(GeminiError)
    expect(error).toMatchObject({ status: 401 })
    expect(String(error)).toContain('UNAUTHENTICATED')
  })

  test('an unknown model, whole and streamed', async () => {
    const error = await thrownBy(() => gemini.models.generateContent({ ...body, model: 'nope' }))
    expect(error).toBeInstanceOf(GeminiError)
    expect(error).toMatchObject({ status: 404 })
    expect(String(error)).toContain('NOT_FOUND')
    expect(
      await thrownBy(() => gemini.models.generateContentStream({ ...body, model: 'nope' })),
    ).toMatchObject({ status: 404 })
    expect(await thrownBy(() => gemini.models.get({ model: 'nope' }))).toMatchObject({ status: 404 })
  })

  test('an invalid body', async () => {
    const error = await thrownBy(() =>
      gemini.models.generateContent({ ...body, config: { maxOutputTokens: invalid('many') } }),
    )
    expect(error).toMatchObject({ status: 400 })
    expect(String(error)).toContain('INVALID_ARGUMENT')
  })
})

describe('base URLs with a prefix', () => {
  const messages = [{ role: 'user' as const, content: 'hello there' }]

  test('each SDK answers under the prefix of its protocol, with or without the version in it', async () => {
    for (const baseURL of [`${gateway.url}/openai/v1`, `${gateway.url}/openai`]) {
      const client = new OpenAI({ apiKey: testKey, baseURL, maxRetries: 0 })
      const answer = await client.chat.completions.create({ model: 'loopback', messages })
      expect(answer.choices[0]?.message.content).toBe(echoed)
    }
    const claude = new Anthropic({ apiKey: testKey, baseURL: `${gateway.url}/anthropic`, maxRetries: 0 })
    const message = await claude.messages.create({ model: 'loopback', max_tokens: 99, messages })
    expect(message.content).toMatchObject([{ text: echoed }])
    const google = new GoogleGenAI({ apiKey: testKey, httpOptions: { baseUrl: `${gateway.url}/gemini` } })
    const content = await google.models.generateContent({ model: 'loopback', contents: 'hello there' })
    expect(content.text).toBe(echoed)
  })

  test("the openai SDK on Gemini's compatible path", async () => {
    const client = new OpenAI({ apiKey: testKey, baseURL: `${gateway.url}/v1beta/openai`, maxRetries: 0 })
    const answer = await client.chat.completions.create({ model: 'loopback', messages })
    expect(answer.choices[0]?.message.content).toBe(echoed)
    expect((await client.models.list()).data.length).toBeGreaterThan(0)
  })
})
