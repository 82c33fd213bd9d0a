import { describe, expect, test } from 'bun:test'
import type { ListedModel } from '../protocol.ts'
import { models } from './models.ts'

const listed: readonly ListedModel[] = ['a', 'b', 'c', 'd', 'e'].map((id) => ({
  id,
  provider: 'p',
  operations: ['generate'],
}))

const page = (query: string) => {
  const answer = JSON.parse(models.encodeList(listed, new URLSearchParams(query)))
  return {
    ids: answer.data.map(({ id }: { id: string }) => id).join(''),
    more: answer.has_more,
    first: answer.first_id,
    last: answer.last_id,
  }
}

describe('models', () => {
  test('one model in the shape of the vendor', () => {
    const one = models.encodeOne({
      id: 'claude-x',
      provider: 'anthropic',
      displayName: 'Claude X',
      created: 1_759_104_000,
      contextWindow: 200_000,
      maxOutputTokens: 64_000,
      operations: ['generate'],
    })
    expect(JSON.parse(one)).toMatchObject({
      type: 'model',
      id: 'claude-x',
      display_name: 'Claude X',
      created_at: '2025-09-29T00:00:00Z',
      max_input_tokens: 200_000,
      max_tokens: 64_000,
    })
  })

  test('pages forwards and backwards', () => {
    expect(page('')).toEqual({ ids: 'abcde', more: false, first: 'a', last: 'e' })
    expect(page('limit=2')).toEqual({ ids: 'ab', more: true, first: 'a', last: 'b' })
    expect(page('limit=2&after_id=b')).toEqual({ ids: 'cd', more: true, first: 'c', last: 'd' })
    expect(page('limit=2&after_id=d')).toEqual({ ids: 'e', more: false, first: 'e', last: 'e' })
    expect(page('limit=2&before_id=e')).toEqual({ ids: 'cd', more: true, first: 'c', last: 'd' })
    expect(page('limit=2&before_id=c')).toEqual({ ids: 'ab', more: false, first: 'a', last: 'b' })
    expect(page('after_id=e')).toEqual({ ids: '', more: false, first: null, last: null })
  })

  test('walking with after_id meets every model once', () => {
    const seen: string[] = []
    for (let query = 'limit=2'; ; ) {
      const { ids, more, last } = page(query)
      seen.push(ids)
      if (!more) break
      query = `limit=2&after_id=${last}`
    }
    expect(seen.join('')).toBe('abcde')
  })

  test('twenty by default, a thousand at most', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ ...listed[0], id: `m${index}` }) as ListedModel)
    expect(JSON.parse(models.encodeList(many, new URLSearchParams())).data.length).toBe(20)
    expect(JSON.parse(models.encodeList(many, new URLSearchParams('limit=1000'))).data.length).toBe(30)
  })

  test('bad queries name their parameter', () => {
    for (const [query, param] of [
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=x', 'limit'],
      ['after_id=zz', 'after_id'],
      ['before_id=zz', 'before_id'],
      ['after_id=a&before_id=b', 'before_id'],
    ]) {
      expect(() => page(query ?? '')).toThrow(expect.objectContaining({ param }))
    }
  })
})
