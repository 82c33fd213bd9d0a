import { expect, test } from 'bun:test'
import type { Watchdog } from '../../pipeline/index.ts'
import { idleWatch } from './idle-watch.ts'

test('silence is no fault while the bound is lifted, and never after the end', () => {
  const running = new Set<() => void>()
  const watchdog: Watchdog = {
    watch(_, onSilence) {
      const bark = (): void => onSilence()
      running.add(bark)
      return { touch() {}, end: () => running.delete(bark) }
    },
    stop() {},
  }
  let silences = 0
  const idle = idleWatch(watchdog, 1_000, () => silences++)
  const bark = (): void => {
    for (const one of running) one()
  }
  bark()
  expect(silences).toBe(1)
  idle.lift()
  bark()
  expect(silences).toBe(1)
  idle.begin()
  idle.begin()
  expect(running.size).toBe(1)
  bark()
  expect(silences).toBe(2)
  idle.end()
  idle.begin()
  expect(running.size).toBe(0)
})
