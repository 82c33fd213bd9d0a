import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { createPlaceholderMap } from '../../firewall/index.ts'
import { formatFrame, parseFrame } from '../../wire/index.ts'
import { restoredFrames } from './restored-frames.ts'

const value = 'ada "x"\n@example.com'
const map = createPlaceholderMap([{ placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value }])

interface Data {
  readonly type: string
  readonly sequence_number: number
  readonly item_id: string
  readonly delta?: string
  readonly text?: string
  readonly arguments?: string
}

const block = (data: Data): Uint8Array =>
  Buffer.from(formatFrame({ event: data.type, data: JSON.stringify(data) }))

const read = (blocks: readonly Uint8Array[]): readonly Data[] =>
  blocks.flatMap((one) => {
    const frame = parseFrame(one)
    return frame === undefined ? [] : [JSON.parse(frame.data)]
  })

const run = (frames: readonly Data[]): readonly Data[] => {
  const machine = restoredFrames(map)
  return read([...frames.flatMap((data) => machine.push(block(data))), ...machine.end()])
}

const cut = (text: string, places: readonly number[]): readonly string[] => {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b)
  return [...ends, text.length].map((end, index) => text.slice(ends[index - 1] ?? 0, end))
}

test('two texts and a call, in any pieces and in any order, say their values, in as many frames as before', () => {
  const words = fc.array(
    fc.constantFrom('[EMAIL_7K2M9X]', '[EMAIL', '[', ']', ' ', 'EMAIL_7K2M9X', '\\[EMAIL\\_7K2M9X\\]', 'é😀'),
    { maxLength: 8 },
  )
  const places = fc.array(fc.nat(200), { maxLength: 20 })
  fc.assert(
    fc.property(
      words,
      words,
      places,
      places,
      places,
      fc.infiniteStream(fc.nat(2)),
      (one, two, a, b, c, order) => {
        const call = JSON.stringify({ to: '[EMAIL_7K2M9X]', list: one })
        const sources = [
          { id: 'a', kind: 'response.output_text', pieces: cut(one.join(''), a) },
          { id: 'b', kind: 'response.output_text', pieces: cut(two.join(''), b) },
          { id: 'c', kind: 'response.function_call_arguments', pieces: cut(call, c) },
        ]
        const frames: Data[] = []
        const at = [0, 0, 0]
        const add = (frame: Omit<Data, 'sequence_number'>) =>
          frames.push({ ...frame, sequence_number: frames.length } as Data)
        while (sources.some(({ pieces }, index) => (at[index] ?? 0) <= pieces.length)) {
          const wanted = order.next().value ?? 0
          const open = sources.flatMap(({ pieces }, index) =>
            (at[index] ?? 0) <= pieces.length ? [index] : [],
          )
          const index = open[wanted % open.length] ?? 0
          const source = sources[index]
          if (source === undefined) break
          const delta = source.pieces[at[index] ?? 0]
          const { id: item_id, kind } = source
          if (delta !== undefined) add({ type: `${kind}.delta`, item_id, delta })
          else if (item_id === 'c') add({ type: `${kind}.done`, item_id, arguments: call })
          else add({ type: `${kind}.done`, item_id, text: source.pieces.join('') })
          at[index] = (at[index] ?? 0) + 1
        }
        const said = run(frames)
        expect(said.map(({ sequence_number, type }) => [sequence_number, type])).toEqual(
          frames.map(({ sequence_number, type }) => [sequence_number, type]),
        )
        for (const { id } of sources) {
          const own = said.filter(({ item_id }) => item_id === id)
          const done = own.at(-1)
          const text = own.reduce((all, { delta = '' }) => all + delta, '')
          expect(text).toBe(done?.text ?? done?.arguments ?? '')
          expect(text).not.toContain('[EMAIL_7K2M9X]')
          if (id === 'c') expect(JSON.parse(text)).toMatchObject({ to: value })
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a frame waits only while its end may begin a placeholder', () => {
  const machine = restoredFrames(map)
  const delta = (sequence_number: number, text: string) =>
    block({ type: 'response.output_text.delta', sequence_number, item_id: 'a', delta: text })
  const plain = delta(0, 'hello ')
  expect(machine.push(plain)).toEqual([plain])
  expect(machine.push(delta(1, 'to [EMA'))).toEqual([])
  expect(machine.push(Buffer.from(': keep-alive\n\n'))).toEqual([])
  expect(read(machine.push(delta(2, 'IL_7K2M9X] and'))).map(({ delta: said }) => said)).toEqual([
    'to ',
    `${value} and`,
  ])
})

test('what a stream that ends anywhere holds back is said', () => {
  const cutOff: Data = {
    type: 'response.output_text.delta',
    sequence_number: 0,
    item_id: 'a',
    delta: 'x [EMAIL_7',
  }
  expect(run([cutOff])).toEqual([cutOff])
})

test('a stream that begins in the middle goes on there', () => {
  const frames: readonly Data[] = [
    { type: 'response.output_text.delta', sequence_number: 7, item_id: 'a', delta: '2M9X] and [EMAIL_7K2' },
    { type: 'response.output_text.delta', sequence_number: 8, item_id: 'a', delta: 'M9X]' },
    {
      type: 'response.output_text.done',
      sequence_number: 9,
      item_id: 'a',
      text: '[EMAIL_7K2M9X] and [EMAIL_7K2M9X]',
    },
  ]
  const said = run(frames)
  expect(said.map(({ sequence_number }) => sequence_number)).toEqual([7, 8, 9])
  expect(`${said[0]?.delta}${said[1]?.delta}`).toBe(`2M9X] and ${value}`)
  expect(said[2]?.text).toBe(`${value} and ${value}`)
})
