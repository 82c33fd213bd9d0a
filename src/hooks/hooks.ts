import { createPoster, type PostJson } from '../egress/index.ts'
import { createId, type Logger, type MetricRegistry } from '../telemetry/index.ts'
import type { HookEvent } from './event.ts'
import { createHook, type Delivered, type Hook, type Message } from './hook.ts'
import { runCommand } from './run-command.ts'
import { sendWebhook } from './send-webhook.ts'
import type { HookSettings, HooksSettings } from './settings.ts'

/** Tells operators' receivers what happens. */
export interface Hooks {
  /** Returns at once and never throws: nothing that serves a client waits for a hook. */
  emit(event: HookEvent): void
  /** Takes the hooks of a new configuration; what is under way goes to the old ones. */
  configure(settings: HooksSettings): void
  /** Lets what is under way end within so many milliseconds, and gives the rest up. Nothing is taken any more. */
  stop(patience?: number): Promise<void>
}

export interface HooksParts {
  readonly logger: Pick<Logger, 'warn'>
  readonly registry: MetricRegistry
  /** Where programs are looked for. */
  readonly path?: string | undefined
  /** Default: anywhere, since nobody but the operator names an address. */
  readonly post?: PostJson
  readonly now?: () => number
  readonly random?: () => number
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** Of one hook: messages that wait, webhooks and programs at once. */
const mostWaiting = 1_000
const concurrentWebhooks = 4
const concurrentPrograms = 2

export const createHooks = (settings: HooksSettings, parts: HooksParts): Hooks => {
  const { logger, registry, path } = parts
  const now = parts.now ?? Date.now
  const webhookParts = {
    post: parts.post ?? createPoster({ reach: 'anywhere' }),
    now,
    random: parts.random ?? Math.random,
    wait: parts.wait ?? waitFor,
  }
  const results = registry.counter({
    name: 'tollgate_hooks_total',
    help: 'Events told to webhooks and programs.',
    labels: ['event', 'result'],
  })
  const end = new AbortController()
  /** Of earlier configurations, with messages under way. */
  const retired = new Set<Hook>()
  let hooks: readonly Hook[] = []
  let isStopping = false

  const open = (hook: HookSettings, index: number): readonly Hook[] => {
    const { deliver, concurrent } = deliveryOf(hook)
    if (deliver === undefined) return []
    const onResult = ({ id, type }: Message, result: Delivered | 'dropped'): void => {
      results(type, result === 'dropped' ? 'dropped' : result.isDelivered ? 'delivered' : 'failed').add()
      if (result !== 'dropped' && result.isDelivered) return
      const reason = result === 'dropped' ? 'too many wait' : result.reason
      logger.warn('a hook was not told of an event', { hook: `hooks[${index}]`, event: id, type, reason })
    }
    return [
      createHook({ events: hook.events, deliver, onResult, signal: end.signal, concurrent, mostWaiting }),
    ]
  }
  const deliveryOf = ({ url, secret, command, timeout }: HookSettings) => {
    if (url !== undefined && secret !== undefined) {
      const webhook = { url, secret, timeout }
      const deliver = (body: string, signal: AbortSignal) => sendWebhook(webhookParts, webhook, body, signal)
      return { deliver, concurrent: concurrentWebhooks }
    }
    if (command !== undefined) {
      const program = { command, timeout, path }
      const deliver = (body: string, signal: AbortSignal) => runCommand(program, body, signal)
      return { deliver, concurrent: concurrentPrograms }
    }
    return { deliver: undefined, concurrent: 0 }
  }
  const configure = (next: HooksSettings): void => {
    for (const hook of hooks) {
      retired.add(hook)
      void hook.idle().then(() => retired.delete(hook))
    }
    hooks = next.flatMap(open)
  }
  configure(settings)

  return {
    configure,
    emit(event) {
      if (isStopping) return
      const wanted = hooks.filter(({ events }) => events.has(event.type))
      if (wanted.length === 0) return
      const id = createId('evt')
      const { type, data } = event
      const message = { id, type, body: JSON.stringify({ id, time: now(), type, data }) }
      for (const hook of wanted) hook.offer(message)
    },
    async stop(patience = 5_000) {
      isStopping = true
      const all = Promise.all([...retired, ...hooks].map((hook) => hook.idle()))
      const timer = setTimeout(() => end.abort(), patience)
      await all
      clearTimeout(timer)
      end.abort()
    },
  }
}

const waitFor = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done, { once: true })
  })
