import { expect, test } from 'bun:test'
import type { Finding } from '../finding.ts'
import { newFindings } from './new-findings.ts'
import { createPlaceholderMap } from './placeholder-map.ts'

const at = (text: string, value: string): Finding => ({
  ...{ detector: 'test', rule: 'r', type: 'EMAIL', confidence: 1 },
  start: text.indexOf(value),
  end: text.indexOf(value) + value.length,
})

test('of what is found in an answer, only values that the client did not send are new', () => {
  const map = createPlaceholderMap([
    { placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value: 'ada@x.org' },
    { placeholder: '[TOKEN_AB34CD]', type: 'TOKEN' },
  ])
  const text = 'ada@x.org wrote to bob@x.org, from x.org'
  const [ada, bob, part] = [at(text, 'ada@x.org'), at(text, 'bob@x.org'), at(text, 'x.org')]
  expect(newFindings(text, [ada, bob, part], map)).toEqual([bob])
  expect(newFindings(text, [ada], createPlaceholderMap([]))).toEqual([ada])
})
