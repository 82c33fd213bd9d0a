import { describe, expect, test } from 'bun:test'
import {
  clientRecordings,
  corpusAvailable,
  matchEndpoint,
  wireRequest,
} from '../../../test/support/corpus.ts'
import { scanJson } from '../../wire/index.ts'
import { countTokens } from './count-tokens.ts'
import { encodeRequest } from './encode-request.ts'
import { anthropicMessages } from './index.ts'
import { leaves } from './leaves.ts'

const path = '/v1/messages/count_tokens'

describe('counting tokens', () => {
  test('the answer is one number, both ways', () => {
    expect(countTokens.encodeResponse({ inputTokens: 7 })).toBe('{"input_tokens":7}')
    const body = new TextEncoder().encode('{"input_tokens":9,"context_management":null}')
    expect(countTokens.decodeResponse({ status: 200, headers: new Headers(), body })).toEqual({
      inputTokens: 9,
    })
    expect(anthropicMessages.meterBody(body, 'count-tokens')).toEqual({ ended: 'complete', handles: [] })
  })

  test.skipIf(!corpusAvailable('recorded count requests'))('every recorded request is understood', () => {
    const recordings = clientRecordings((request) => request.path === path).filter(({ text }) => text !== '')
    expect(recordings.length).toBeGreaterThan(3)
    for (const recording of recordings) {
      const wire = wireRequest(anthropicMessages, { path, headers: recording.headers, body: recording.text })
      const request = countTokens.decodeRequest(wire)
      const encoded = encodeRequest(request, { model: request.model, stream: false })
      expect(JSON.parse(encoded.body)).toEqual(JSON.parse(recording.text))
      const endpoint = matchEndpoint(anthropicMessages, 'POST', path)?.endpoint
      if (endpoint === undefined) throw new Error('no endpoint')
      const scan = scanJson(wire.body, anthropicMessages.watchedKeys, 512)
      const facts = anthropicMessages.facts({ ...wire, endpoint, scan })
      expect(facts).toMatchObject({ model: request.model, stream: false, handles: [] })
      expect(leaves(wire).length).toBeGreaterThan(0)
    }
  })
})
