import { expect, test } from 'bun:test'
import { startGateway, testKey } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream.ts'

test('2,000 slow streams at once all complete, and each has its row', async () => {
  const upstream = startUpstream()
  const part = (text: string, rest = '') =>
    `data: {"candidates":[{"content":{"parts":[{"text":"${text}"}],"role":"model"}${rest}}]}\n\n`
  upstream.answer = () =>
    new Response(
      new ReadableStream({
        async start(controller) {
          const encoder = new TextEncoder()
          for (let step = 0; step < 8; step++) {
            controller.enqueue(encoder.encode(part(String(step))))
            await Bun.sleep(500)
          }
          controller.enqueue(encoder.encode(part('end', ',"finishReason":"STOP"')))
          controller.close()
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    )
  const gateway = await startGateway({
    config: [
      `providers: { up: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: none, models: ["test-gemini"] } }`,
      'telemetry: { log: { access: false } }',
    ],
  })
  try {
    const one = async (): Promise<string> => {
      const response = await fetch(`${gateway.url}/v1beta/models/test-gemini:streamGenerateContent?alt=sse`, {
        method: 'POST',
        headers: { 'x-goog-api-key': testKey },
        body: '{"contents":[]}',
      })
      return response.text()
    }
    const texts = await Promise.all(Array.from({ length: 2000 }, one))
    expect(texts.filter((text) => text.includes('STOP')).length).toBe(2000)
    const usage = (await gateway.admin('/usage?by=outcome')) as {
      rows: readonly { group: string; requests: number }[]
    }
    expect(usage.rows.find((row) => row.group === 'success')?.requests).toBe(2000)
  } finally {
    await gateway.stop()
    await upstream.stop()
  }
}, 120_000)
