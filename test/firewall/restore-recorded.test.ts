/** Placeholders planted in recorded answers come back, through every field that the protocol's own encoder writes. */
import { describe, expect, test } from 'bun:test'
import {
  createPlaceholderMap,
  restoreResponse,
  restoreStream,
  signsReasoning,
} from '../../src/firewall/index.ts'
import type { GenerateRequest, GenerateResponse, Part } from '../../src/ir/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import type { ReplyContext } from '../../src/protocols/protocol.ts'
import { type CorpusFolder, corpus, corpusAvailable } from '../support/corpus.ts'

const placeholder = '[NAME_7K2M9X]'
const value = 'Zaphod Beeblebrox'
const map = createPlaceholderMap([{ placeholder, type: 'NAME', value }])

const folders: Readonly<
  Record<CorpusFolder, 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini'>
> = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  anthropic: 'anthropic-messages',
  gemini: 'gemini',
}

/** The longest word of what the answer says to the reader or to tools. */
const wordOf = (response: GenerateResponse): string | undefined => {
  const texts = response.choices.flatMap(({ parts }) => parts).map(textOf)
  const words = texts.join(' ').match(/\b[a-z]{7,}\b/g) ?? []
  return [...words].sort((a, b) => b.length - a.length)[0]
}

const textOf = (part: Part): string => {
  if (part.type === 'text' || part.type === 'refusal') return part.text
  return part.type === 'tool-call' ? Object.values(parsed(part.input)).map(String).join(' ') : ''
}

const parsed = (json: string): object => {
  try {
    return Object(JSON.parse(json))
  } catch {
    return {}
  }
}

/** Signed thoughts, and summaries that go back with their sealed state: never altered. */
const staying = ['"type":"compaction', '"thinking":"', '"type":"thinking"', '"thought":true']

/** Only in what is said: a field or a kind of that name stays. */
const plant = (source: string, word: string): string =>
  source.replace(new RegExp(`(?<=[ .,:(\\\\"]|\\\\n)${word}(?=[ ,:;)\\\\]|\\. )`, 'g'), placeholder)

const isPresent = corpusAvailable('placeholders in recorded answers')

describe.skipIf(!isPresent)('placeholders in recorded answers', () => {
  for (const folder of ['chat', 'responses', 'anthropic', 'gemini'] as const) {
    const id = folders[folder]
    const { generate } = protocols[id]
    if (generate === undefined) continue
    const options = { signedReasoning: signsReasoning(id) }
    const request: GenerateRequest = {
      protocol: id,
      model: 'm',
      stream: true,
      turns: [],
      tools: [],
      sampling: {},
    }
    const reply: ReplyContext = { request, headers: new Headers(), id: 'x', now: 1 }
    const bytes = (text: string) => new TextEncoder().encode(text)

    test(`of ${id}`, () => {
      let planted = 0
      const left: string[] = []
      for (const record of corpus(folder)) {
        if (record.status !== 200) continue
        if (record.response !== undefined) {
          const decode = (text: string) =>
            generate.decodeResponse({ status: 200, headers: record.responseHeaders, body: bytes(text) })
          let word: string | undefined
          try {
            word = wordOf(decode(record.response.text))
          } catch {
            continue
          }
          const source = word === undefined ? '' : plant(record.response.text, word)
          if (!source.includes(placeholder)) continue
          planted++
          const { body } = generate.encodeResponse(restoreResponse(decode(source), map, options), reply)
          expect(() => JSON.parse(body)).not.toThrow()
          if (isLeft(body)) left.push(`${record.name}: ${around(body)}`)
        } else if (record.frames.length > 0) {
          const word = /[a-z] ([a-z]{7,})(?=[ ,])/.exec(record.frames.map(({ data }) => data).join('\n'))?.[1]
          if (word === undefined) continue
          const decoder = generate.streamDecoder()
          const restorer = restoreStream(map, options)
          const encoder = generate.streamEncoder(reply)
          const frames = record.frames.map((frame) => ({ ...frame, data: plant(frame.data, word) }))
          if (!frames.some(({ data }) => data.includes(placeholder))) continue
          planted++
          const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]
          const said = [
            ...events.flatMap((event) => restorer.push(event)).flatMap((event) => encoder.push(event)),
            ...encoder.end(),
          ].map(({ data }) => data)
          for (const data of said) if (isLeft(data)) left.push(`${record.name}: ${around(data)}`)
        }
      }
      console.log(`${id}: ${planted} answers`)
      expect(left).toEqual([])
      expect(planted).toBeGreaterThan(10)
    })
  }
})

const isLeft = (data: string): boolean =>
  data.includes('NAME_7K2M9X') && !staying.some((mark) => data.replace(/(?<=:) /g, '').includes(mark))

const around = (text: string): string => {
  const at = text.indexOf('NAME_7K2M9X')
  return text.slice(Math.max(0, at - 120), at + 40)
}
