import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ProtocolId } from '../../ir/index.ts'
import { isNameFor } from './name-rule.ts'
import { createNameTable, type ToolName } from './name-table.ts'

const protocol = fc.constantFrom<ProtocolId>(
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
)

const word = fc.oneof(
  fc.stringMatching(/^[a-z_]{1,6}$/),
  fc.stringMatching(/^[a-z.:/ ]{1,8}$/),
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
  fc.stringMatching(/^mcp__[a-z]{60,90}$/),
)
const toolName: fc.Arbitrary<ToolName> = fc.oneof(
  word.map((name) => ({ name })),
  fc.tuple(fc.oneof(word, fc.constant('functions')), word).map(([namespace, name]) => ({ namespace, name })),
)

const said = ({ name, namespace }: ToolName): ToolName =>
  namespace === undefined || namespace === 'functions' ? { name } : { name, namespace }

describe('a table of names', () => {
  test('gives every list of tools names that fit, one for each, and finds back', () => {
    fc.assert(
      fc.property(protocol, fc.array(toolName, { maxLength: 12 }), (id, tools) => {
        const table = createNameTable(tools, id)
        const names = new Map<string, ToolName>()
        for (const tool of tools) {
          const name = table.toTarget(tool)
          expect(isNameFor(id, name)).toBe(true)
          const other = names.get(name)
          if (other !== undefined) expect(other).toEqual(tool)
          names.set(name, tool)
          const back = table.toClient(name)
          // The default namespace may be left out, unless a plain tool has the name.
          if (back.namespace === 'functions' || tool.namespace !== 'functions') expect(back).toEqual(tool)
          else expect(back).toEqual(said(tool))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('leaves names alone that the target takes, whatever else is in the list', () => {
    fc.assert(
      fc.property(protocol, fc.array(toolName, { maxLength: 12 }), (id, tools) => {
        const table = createNameTable(tools, id)
        for (const tool of tools) {
          if (tool.namespace === undefined && isNameFor(id, tool.name)) {
            expect(table.toTarget(tool)).toBe(tool.name)
          }
        }
      }),
    )
  })

  test('does not depend on tools that are added later', () => {
    fc.assert(
      fc.property(fc.array(toolName, { maxLength: 8 }), (tools) => {
        const plain = tools.filter((tool) => tool.namespace === undefined)
        const before = createNameTable(plain, 'openai-chat')
        const after = createNameTable([...plain, { name: 'one more' }], 'openai-chat')
        for (const tool of plain) expect(after.toTarget(tool)).toBe(before.toTarget(tool))
      }),
    )
  })

  test('shortens to what is readable and a hash', () => {
    const long = `mcp__server__${'tool_'.repeat(16)}`
    const table = createNameTable([{ name: 'a.b' }, { name: long }], 'openai-responses')
    expect(table.toTarget({ name: 'a.b' })).toMatch(/^a_b_[0-9a-f]{8}$/)
    const short = table.toTarget({ name: long })
    expect(short).toHaveLength(64)
    expect(short.startsWith('mcp__server__tool_')).toBe(true)
    expect(createNameTable([{ name: '1st' }], 'gemini').toTarget({ name: '1st' })).toMatch(/^_1st_/)
  })

  test('keeps apart what flattens to one name, and letter case', () => {
    const tools = [{ name: 'a__b' }, { namespace: 'a', name: 'b' }, { name: 'A__b' }]
    const table = createNameTable(tools, 'anthropic-messages')
    const names = tools.map((tool) => table.toTarget(tool))
    expect(new Set(names).size).toBe(3)
    expect(names[0]).toBe('a__b')
    expect(names[2]).toBe('A__b')
    expect(names.map((name) => table.toClient(name))).toEqual(tools)
  })

  test('lets a call leave out a namespace that can be no other', () => {
    const table = createNameTable(
      [
        { namespace: 'clock', name: 'sleep' },
        { namespace: 'functions', name: 'exec' },
        { namespace: 'one', name: 'twice' },
        { namespace: 'two', name: 'twice' },
      ],
      'openai-chat',
    )
    expect(table.toTarget({ name: 'sleep' })).toBe('clock__sleep')
    expect(table.toTarget({ name: 'exec' })).toBe('exec')
    expect(table.toTarget({ namespace: 'functions', name: 'exec' })).toBe('exec')
    expect(table.toTarget({ name: 'twice' })).toBe('twice')
  })

  test('takes off the prefix that Gemini invents only before a name that is known', () => {
    const table = createNameTable([{ name: 'read' }, { namespace: 'ns', name: 'write' }], 'gemini')
    expect(table.toClient('default_api:read')).toEqual({ name: 'read' })
    expect(table.toClient('default_api:ns__write')).toEqual({ namespace: 'ns', name: 'write' })
    expect(table.toClient('default_api:other')).toEqual({ name: 'default_api:other' })
    expect(createNameTable([{ name: 'default_api:x' }], 'gemini').toClient('default_api:x').name).toBe(
      'default_api:x',
    )
  })

  test('keeps clear of names that the target uses itself', () => {
    const table = createNameTable([{ name: 'web_search' }], 'anthropic-messages', new Set(['web_search']))
    const name = table.toTarget({ name: 'web_search' })
    expect(name).not.toBe('web_search')
    expect(table.toClient(name)).toEqual({ name: 'web_search' })
  })
})
