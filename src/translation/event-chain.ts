import type { StreamEvent } from '../ir/index.ts'
import type { Machine } from '../wire/index.ts'

/** Events through several machines, one after the other, as one machine. */
export const eventChain = (
  machines: readonly Machine<StreamEvent, StreamEvent>[],
): Machine<StreamEvent, StreamEvent> => {
  const [only] = machines
  if (only === undefined) return passing
  if (machines.length === 1) return only
  const feed = (events: readonly StreamEvent[], from: number): readonly StreamEvent[] => {
    let current = events
    for (let index = from; index < machines.length && current.length > 0; index++) {
      const machine = machines[index]
      if (machine !== undefined) current = pushAll(machine, current)
    }
    return current
  }
  return {
    push: (event) => feed([event], 0),
    end() {
      const left: StreamEvent[] = []
      machines.forEach((machine, index) => {
        left.push(...feed(machine.end(), index + 1))
      })
      return left
    },
  }
}

const passing: Machine<StreamEvent, StreamEvent> = { push: (event) => [event], end: () => [] }

/** Most events become one event, so the common case makes no list of its own. */
const pushAll = (
  machine: Machine<StreamEvent, StreamEvent>,
  events: readonly StreamEvent[],
): readonly StreamEvent[] => {
  const [first] = events
  if (events.length === 1 && first !== undefined) return machine.push(first)
  return events.flatMap((event) => machine.push(event))
}
