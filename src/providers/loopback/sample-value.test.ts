import { expect, test } from 'bun:test'
import { sampleValue } from './sample-value.ts'

test('a sample has what is required and nothing else', () => {
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string' },
      count: { type: 'integer', minimum: 3 },
      mode: { enum: ['x', 'y'] },
      list: { type: 'array', items: { type: 'boolean' }, minItems: 2 },
      extra: { type: 'string' },
    },
    required: ['name', 'count', 'mode', 'list'],
  }
  expect(sampleValue(schema)).toEqual({ name: 'loopback', count: 3, mode: 'x', list: [false, false] })
})

test('references, alternatives and bounds are followed', () => {
  const schema = {
    $defs: {
      point: {
        type: 'object',
        properties: { x: { type: 'number', exclusiveMinimum: 1, multipleOf: 5 } },
        required: ['x'],
      },
    },
    type: 'OBJECT',
    properties: {
      at: { $ref: '#/$defs/point' },
      id: { type: ['null', 'string'], minLength: 12, maxLength: 12 },
      when: { anyOf: [{ type: 'null' }, { type: 'string', format: 'date' }] },
    },
    required: ['at', 'id', 'when'],
  }
  expect(sampleValue(schema)).toEqual({ at: { x: 5 }, id: 'loopbackxxxx', when: '2026-01-01' })
})

test('a tool that runs commands gets a harmless one', () => {
  const command = (member: object) =>
    sampleValue({ type: 'object', properties: { command: member }, required: ['command'] })
  expect(command({ type: 'string' })).toEqual({ command: 'echo loopback' })
  expect(command({ type: 'array', items: { type: 'string' } })).toEqual({ command: ['echo', 'loopback'] })
})

test('a schema that refers to itself ends', () => {
  const schema = {
    $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } }, required: ['next'] } },
    $ref: '#/$defs/n',
  }
  expect(JSON.stringify(sampleValue(schema)).length).toBeLessThan(400)
  expect(sampleValue('nonsense')).toEqual({})
})
