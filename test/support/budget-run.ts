import { allEntries, freePort, startGateway, type TestGateway, testKey, waitFor } from './gateway.ts'
import { startUpstream, type TestUpstream } from './upstream.ts'

/** Two hundred clients that spend one budget as fast as they can, and everything that may go wrong meanwhile. */
export interface BudgetRunOptions {
  readonly mode: 'hard' | 'metered'
  readonly seed: number
  readonly requests: number
  /** Kills the worker of one gateway when so many requests were sent; 0 for never. */
  readonly killAfter?: number
}

export interface BudgetRun {
  readonly statuses: Readonly<Record<string, number>>
  /** Nano-USD, by the ledger. */
  readonly spent: bigint
  /** By the counters, when nothing was reserved any more. */
  readonly counted: bigint
  readonly exchanges: number
  readonly orphans: number
}

export interface BudgetStage {
  readonly gateways: readonly TestGateway[]
  run(options: BudgetRunOptions): Promise<BudgetRun>
  stop(): Promise<void>
}

/** One USD. */
export const limit = 1_000_000_000n
/** Nano-USD of the most that one open stream may overshoot a metered budget by: a slice of 4096 tokens at 40 USD/M. */
export const slice = 4_096n * 40_000n

/** @param config of each gateway; they share one database */
export const startBudgets = async (
  gateways: readonly {
    readonly config: readonly string[]
    readonly env?: Readonly<Record<string, string>>
  }[],
  mode: BudgetRunOptions['mode'],
): Promise<BudgetStage> => {
  const upstream = startUpstream()
  const started: TestGateway[] = []
  for (const { config, env = {} } of gateways) {
    started.push(
      await startGateway({
        env,
        // A worker that is started anew must be found where it was.
        listen: `{ port: ${freePort()} }`,
        config: [
          'retry: { tries: 2, backoff: 5ms, longest_wait: 20ms }',
          'circuits: { failures: 0 }',
          'telemetry: { log: { access: false } }',
          'providers:',
          `  priced: { kind: openai-compatible, base_url: ${upstream.url}/v1, api_key: none }`,
          'routes:',
          '  - { match: "m-*", targets: [priced] }',
          'prices:',
          '  - { match: "m-1", input_per_mtok: 3, output_per_mtok: 15 }',
          '  - { match: "m-2", input_per_mtok: "0.25", output_per_mtok: 2, per_request: "0.0001" }',
          '  - { match: "m-3", input_per_mtok: 10, cache_read_per_mtok: 1, output_per_mtok: 40 }',
          `budgets: [{ level: global, limit_usd: "1.00", period: forever, mode: ${mode} }]`,
          ...config,
        ],
      }),
    )
  }
  return {
    gateways: started,
    run: (options) => runBudgets(started, upstream, options),
    async stop() {
      for (const gateway of started) await gateway.stop()
      await upstream.stop()
    },
  }
}

const concurrent = 200

const runBudgets = async (
  gateways: readonly TestGateway[],
  upstream: TestUpstream,
  { seed, requests, killAfter = 0 }: BudgetRunOptions,
): Promise<BudgetRun> => {
  const random = randomOf(seed)
  upstream.answer = answerOf(random)
  const statuses: Record<string, number> = {}
  let sent = 0
  const client = async (): Promise<void> => {
    while (sent < requests) {
      const number = sent++
      if (number === killAfter && killAfter > 0) process.kill(gateways[0]?.workerPid() ?? 0, 'SIGKILL')
      const gateway = gateways[number % gateways.length]
      if (gateway === undefined) return
      let status = await ask(gateway, random)
      while (status === 'refused') {
        // It was killed, and is starting again.
        statuses['refused'] = (statuses['refused'] ?? 0) + 1
        await Bun.sleep(100)
        status = await ask(gateway, random)
      }
      statuses[status] = (statuses[status] ?? 0) + 1
      // A budget may be free again in a moment.
      if (status === '402') await Bun.sleep(50)
    }
  }
  await Promise.all(Array.from({ length: concurrent }, client))
  const [gateway] = gateways
  if (gateway === undefined) throw new Error('there is a gateway')
  const counted = await waitFor(() => countedWhenSettled(gateway), 120_000)
  const entries = await allEntries(gateway)
  const spent = entries.reduce((sum, { costUsd }) => sum + nano(String(costUsd ?? '0')), 0n)
  const orphans = entries.filter(({ outcome }) => outcome === 'orphaned').length
  return { statuses, spent, counted, exchanges: entries.length, orphans }
}

const countedWhenSettled = async (gateway: TestGateway): Promise<bigint | undefined> => {
  const said = await gateway.admin('/budgets').catch(() => undefined)
  const [standing] =
    (said as { budgets: { standings: { spent: string; reserved: string }[] }[] } | undefined)?.budgets[0]
      ?.standings ?? []
  return standing?.reserved === '0.00' ? nano(standing.spent) : undefined
}

const ask = async (gateway: TestGateway, random: () => number): Promise<string> => {
  const leaving = new AbortController()
  const leaves = random() < 0.15
  const timer = leaves ? setTimeout(() => leaving.abort(), random() * 40) : undefined
  try {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
      body: JSON.stringify({
        model: `m-${1 + Math.floor(random() * 3)}`,
        messages: [{ role: 'user', content: 'x'.repeat(Math.floor(random() * 2_000)) }],
        ...(random() < 0.5 ? { stream: true } : {}),
        ...(random() < 0.4 ? { max_tokens: 100 + Math.floor(random() * 3_000) } : {}),
      }),
    })
    await response.text()
    return String(response.status)
  } catch {
    return leaves ? 'left' : 'refused'
  } finally {
    clearTimeout(timer)
  }
}

/** Answers of random length within the limit that it is given, as an honest provider's; some fail, some break off. */
const answerOf = (random: () => number): TestUpstream['answer'] => {
  return async (request) => {
    const asked: { stream?: boolean; max_tokens?: number; messages: { content: string }[] } = JSON.parse(
      new TextDecoder().decode(request.body),
    )
    const fate = random()
    await Bun.sleep(random() * 8)
    if (fate < 0.05) return Response.json({ error: { message: 'down' } }, { status: 503 })
    if (fate < 0.08) return Response.json({ error: { message: 'no' } }, { status: 400 })
    const tokens = Math.floor(Math.min(asked.max_tokens ?? 100_000, random() ** 3 * 9_000 + 1))
    const promptTokens = Math.ceil((asked.messages[0]?.content.length ?? 0) / 4) + 8
    const usage = {
      prompt_tokens: promptTokens,
      completion_tokens: tokens,
      total_tokens: promptTokens + tokens,
    }
    if (asked.stream !== true) {
      return Response.json({
        ...{ id: 'a', object: 'chat.completion', created: 1, model: 'm', usage },
        choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
      })
    }
    return streamOf(tokens, usage, fate < 0.14 ? random() : 1, request.signal)
  }
}

/** @param until the share of the stream after which it breaks off */
const streamOf = (tokens: number, usage: object, until: number, signal: AbortSignal): Response => {
  const chunk = (delta: object, finish: string | null = null, rest: object = {}): string =>
    `data: ${JSON.stringify({ ...{ id: 'a', object: 'chat.completion.chunk', created: 1, model: 'm' }, choices: [{ index: 0, delta, finish_reason: finish }], ...rest })}\n\n`
  const encoder = new TextEncoder()
  const perPiece = 40
  let written = 0
  return new Response(
    new ReadableStream({
      async pull(controller) {
        if (signal.aborted) return controller.close()
        if (written >= tokens * until && until < 1) return controller.error(new Error('breaks off'))
        if (written >= tokens) {
          const last = `${chunk({}, 'stop')}${chunk({}, null, { choices: [], usage })}data: [DONE]\n\n`
          controller.enqueue(encoder.encode(last))
          return controller.close()
        }
        const now = Math.min(perPiece, tokens - written)
        controller.enqueue(encoder.encode(chunk({ content: 'word' }).repeat(now)))
        written += now
        await Bun.sleep(0)
      },
    }),
    { headers: { 'content-type': 'text/event-stream' } },
  )
}

/** Mulberry32: the same seed, the same numbers. */
const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const nano = (usd: string): bigint => {
  const [whole = '0', fraction = ''] = usd.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}
