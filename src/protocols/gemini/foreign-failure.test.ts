import { describe, expect, test } from 'bun:test'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import { type GenerateResponse, replay } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { gemini } from './index.ts'

const reply = {
  request: decodeRequest(
    wireRequest(gemini, { path: '/v1beta/models/gemini-3.8-flash:generateContent', body: '{"contents":[]}' }),
  ),
  headers: new Headers(),
  id: 'exchange1',
  now: 0,
}

const failed: GenerateResponse = {
  protocol: 'openai-chat',
  choices: [
    {
      index: 0,
      parts: [{ type: 'text', text: 'Half' }],
      finish: { reason: 'failed', message: 'no capacity' },
    },
  ],
}

describe('an answer of another protocol that ended in a failure', () => {
  test('has no finish reason here: whole, it is refused', () => {
    expect(() => encodeResponse(failed, reply)).toThrow('no capacity')
  })

  test('streamed, it ends with an error and nothing that looks like an end', () => {
    const frames = runMachine(streamEncoder(reply), replay(failed)).map(({ data }) => data)
    expect(frames[0]).toContain('Half')
    expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({ error: { message: 'no capacity' } })
    expect(frames.join('')).not.toContain('finishReason')
  })
})
