import type { StreamEvent } from '../../ir/index.ts'

/** Tool calls that wait until it is known how many there are. */
export interface HeldCalls {
  /** Does the event belong to a call? Then it is kept. */
  keeps(event: StreamEvent): boolean
  /** How many calls a choice has. */
  count(choice: number): number
  /** Everything that was kept of a choice. */
  release(choice: number): readonly StreamEvent[]
}

export const heldCalls = (): HeldCalls => {
  const kept = new Map<number, StreamEvent[]>()
  const calls = new Map<number, number>()
  return {
    keeps(event) {
      const isCall =
        event.type === 'tool-call-start' || event.type === 'tool-call-delta' || event.type === 'tool-call-end'
      if (!isCall) return false
      const choice = event.choice ?? 0
      const events = kept.get(choice)
      if (events === undefined) kept.set(choice, [event])
      else events.push(event)
      if (event.type === 'tool-call-start') calls.set(choice, (calls.get(choice) ?? 0) + 1)
      return true
    },
    count: (choice) => calls.get(choice) ?? 0,
    release(choice) {
      const events = kept.get(choice) ?? []
      kept.delete(choice)
      return events
    },
  }
}
