import { expect, test } from 'bun:test'
import { type WorkMode, workModes } from '../../ir/index.ts'
import { workModeOf } from './work-mode-of.ts'

test('what is said of less wins: key, rule, port, gateway', () => {
  const maybe = [undefined, ...workModes]
  for (const key of [null, ...maybe]) {
    for (const rule of maybe) {
      for (const listener of maybe) {
        for (const gateway of workModes) {
          const said: readonly (WorkMode | null | undefined)[] = [key, rule, listener, gateway]
          const first = said.find((one) => typeof one === 'string')
          expect(workModeOf({ key, rule, listener, gateway })).toBe(first ?? 'auto')
        }
      }
    }
  }
})
