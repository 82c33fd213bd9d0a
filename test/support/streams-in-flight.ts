import { writeFileSync } from 'node:fs'
import { startGateway, type TestGateway, testKey, waitFor } from './gateway.ts'
import { startUpstream, type TestUpstream } from './upstream.ts'

/** A gateway with streams that stay open until the test lets them end. */
export interface StreamsInFlight {
  readonly gateway: TestGateway
  /** Opens so many streams; resolves when each has its first content. */
  open(count: number): Promise<void>
  /** Lets every open stream end; how many came to their proper end. */
  finish(): Promise<number>
  /** One whole exchange; the process that answered is not known, only that somebody did. */
  ask(): Promise<number>
  /** Touches the configuration, so that it is read anew. */
  reload(): Promise<void>
  stop(): Promise<void>
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** @param more lines of the configuration */
export const startStreams = async (more: readonly string[] = []): Promise<StreamsInFlight> => {
  const upstream: TestUpstream = startUpstream()
  const encoder = new TextEncoder()
  let endings: (() => void)[] = []
  upstream.answer = (seen) => {
    if (!new TextDecoder().decode(seen.body).includes('"stream":true')) {
      return Response.json({
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }],
      })
    }
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(encoder.encode(chunk({ content: 'begun ' })))
          endings.push(() => {
            controller.enqueue(
              encoder.encode(`${chunk({ content: 'done' })}${chunk({}, 'stop')}data: [DONE]\n\n`),
            )
            controller.close()
          })
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    )
  }
  const gateway = await startGateway({
    config: [
      ...more,
      'shutdown_timeout: 1s',
      'telemetry: { log: { access: false } }',
      'providers:',
      `  up: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/v1", api_key: k, models: ["m"] }`,
    ],
  })
  const post = (stream: boolean) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
      body: JSON.stringify({ model: 'm', messages: [], ...(stream ? { stream } : {}) }),
    })
  let running: Promise<string>[] = []
  return {
    gateway,
    async open(count) {
      const before = endings.length
      const responses = await Promise.all(Array.from({ length: count }, () => post(true)))
      running.push(...responses.map((response) => response.text().catch(() => 'broken')))
      await waitFor(() => (endings.length - before === count ? true : undefined))
    },
    async finish() {
      for (const end of endings) end()
      endings = []
      const texts = await Promise.all(running)
      running = []
      return texts.filter(
        (text) => text.includes('begun ') && text.includes('done') && text.includes('[DONE]'),
      ).length
    },
    ask: async () => (await post(false)).status,
    async reload() {
      const marks = gateway.log().split('configuration reloaded').length
      const text = await Bun.file(gateway.configFile).text()
      writeFileSync(gateway.configFile, `${text}\naliases: { other: m }\n`)
      await waitFor(() => (gateway.log().split('configuration reloaded').length > marks ? true : undefined))
    },
    async stop() {
      await gateway.stop()
      await upstream.stop()
    },
  }
}
