import type { HookEventType } from './event.ts'

export type Delivered =
  | { readonly isDelivered: true }
  /** Why, in a few words without any secret. */
  | { readonly isDelivered: false; readonly reason: string }

/** What is told, once it has been put into words. */
export interface Message {
  readonly id: string
  readonly type: HookEventType
  readonly body: string
}

/** One line of the `hooks` setting at work: some messages at once, a bounded number that wait. */
export interface Hook {
  readonly events: ReadonlySet<HookEventType>
  offer(message: Message): void
  /** Resolves when nothing is under way or waits. */
  idle(): Promise<void>
}

export interface HookParts {
  readonly events: readonly HookEventType[]
  readonly deliver: (body: string, signal: AbortSignal) => Promise<Delivered>
  readonly onResult: (message: Message, result: Delivered | 'dropped') => void
  readonly signal: AbortSignal
  /** Deliveries at once. */
  readonly concurrent: number
  /** Messages that may wait; more are dropped. */
  readonly mostWaiting: number
}

export const createHook = ({
  events,
  deliver,
  onResult,
  signal,
  concurrent,
  mostWaiting,
}: HookParts): Hook => {
  const waiting: Message[] = []
  const running = new Set<Promise<void>>()

  const run = async (message: Message): Promise<void> => {
    // What a receiver makes of a message is no reason for the gateway to fail.
    const result = await deliver(message.body, signal).catch(
      (): Delivered => ({ isDelivered: false, reason: 'a defect of the gateway' }),
    )
    onResult(message, result)
  }
  const startNext = (): void => {
    while (running.size < concurrent) {
      const message = waiting.shift()
      if (message === undefined) return
      const done = run(message).finally(() => {
        running.delete(done)
        startNext()
      })
      running.add(done)
    }
  }
  return {
    events: new Set(events),
    offer(message) {
      if (signal.aborted || waiting.length >= mostWaiting) return onResult(message, 'dropped')
      waiting.push(message)
      startNext()
    },
    async idle() {
      while (running.size > 0) await Promise.race(running)
    },
  }
}
