import { type ChaosUpstream, type Fault, faults, isCompleteAnswer, startChaosUpstream } from './chaos.ts'
import { startGateway, type TestGateway, testKey } from './gateway.ts'

/** Three providers of one model behind a gateway, and what its clients saw while providers failed. */
export interface ChaosRun {
  readonly exchanges: number
  /** Complete answers. */
  readonly complete: number
  /** Failures that the client saw before the first byte of an answer: its status. */
  readonly early: readonly string[]
  /** Answers that broke after they had begun. */
  readonly late: number
  readonly upstreamCalls: number
  readonly seconds: number
}

export interface ChaosStage {
  readonly gateway: TestGateway
  readonly upstreams: readonly ChaosUpstream[]
  /** @param broken which of the upstreams fail, and how, as a function of the progress from 0 to 1 */
  run(options: {
    readonly exchanges: number
    readonly concurrent: number
    readonly broken: (progress: number) => readonly (Fault | undefined)[]
  }): Promise<ChaosRun>
  stop(): Promise<void>
}

export const startChaos = async (strategy: string): Promise<ChaosStage> => {
  const upstreams = await Promise.all([1, 2, 3].map(() => startChaosUpstream()))
  const names = ['a', 'b', 'c']
  const gateway = await startGateway({
    config: [
      'timeouts: { connect: 2s, first_byte: 2s, idle: 2s }',
      'retry: { backoff: 10ms, longest_wait: 100ms }',
      'circuits: { open_for: 200ms, longest_open: 1s }',
      'telemetry: { log: { access: false } }',
      'providers:',
      ...names.map(
        (name, index) =>
          `  ${name}: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstreams[index]?.url}/v1", api_key: k, models: ["nothing"], stream_usage: always }`,
      ),
      'routes:',
      `  - { match: m, strategy: ${strategy}, targets: [a, b, c] }`,
    ],
  })
  const ask = async (streams: boolean): Promise<'complete' | 'late' | string> => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
      body: JSON.stringify({
        model: 'm',
        messages: [{ role: 'user', content: 'hi' }],
        ...(streams ? { stream: true } : {}),
      }),
    })
    const text = await response.text().catch(() => '')
    if (response.status !== 200) return `${response.status} ${response.headers.get('x-tollgate-attempts')}`
    if (isCompleteAnswer(text)) return 'complete'
    return text.includes('streamed ') ? 'late' : `200 ${text.slice(0, 100)}`
  }
  return {
    gateway,
    upstreams,
    async run({ exchanges, concurrent, broken }) {
      for (const upstream of upstreams) upstream.calls = 0
      let begun = 0
      let complete = 0
      let late = 0
      const early: string[] = []
      let now: readonly (Fault | undefined)[] = []
      const open = new Set<Promise<string>>()
      /** Begun while the upstream that failed last was failing. */
      let metFailure: readonly Promise<string>[] = []
      const turnTo = async (wanted: readonly (Fault | undefined)[]): Promise<void> => {
        // Two that fail one after the other must not look like two at once to an exchange that is slow.
        if (wanted.some(Boolean)) await Promise.all(metFailure)
        else metFailure = [...open]
        await Promise.all(upstreams.map((upstream, index) => upstream.become(wanted[index])))
      }
      let turn = Promise.resolve()
      const since = performance.now()
      const client = async (): Promise<void> => {
        while (begun < exchanges) {
          const number = begun++
          const wanted = broken(number / exchanges)
          if (wanted.join() !== now.join()) {
            now = wanted
            turn = turn.then(() => turnTo(wanted))
          }
          await turn
          const asked = ask(number % 2 === 0)
          open.add(asked)
          const result = await asked
          open.delete(asked)
          if (result === 'complete') complete++
          else if (result === 'late') late++
          else early.push(result)
        }
      }
      await Promise.all(Array.from({ length: concurrent }, client))
      await Promise.all(upstreams.map((upstream) => upstream.become(undefined)))
      return {
        exchanges,
        complete,
        early,
        late,
        upstreamCalls: upstreams.reduce((total, upstream) => total + upstream.calls, 0),
        seconds: (performance.now() - since) / 1000,
      }
    },
    async stop() {
      await gateway.stop()
      await Promise.all(upstreams.map((upstream) => upstream.stop()))
    },
  }
}

/** One upstream after the other fails, each in another way, with a moment of health in between. */
export const oneAtATime = (progress: number): readonly (Fault | undefined)[] => {
  const turns = faults.length * 3
  const turn = Math.floor(progress * turns * 2)
  const failing = turn % 2 === 0 ? Math.floor(turn / 2) : -1
  return [0, 1, 2].map((index) =>
    failing % 3 === index ? faults[Math.floor(failing / 3) % faults.length] : undefined,
  )
}

/** All three fail in one way. */
export const everything = (fault: Fault): readonly Fault[] => [fault, fault, fault]
