import { expect, test } from 'bun:test'
import type OpenAI from 'openai'
import type * as wire from './wire.ts'

type StreamEvent = OpenAI.Responses.ResponseStreamEvent
type Official<Type> = Extract<StreamEvent, { type: Type }>

/** Official interfaces have mutable lists and closed enum words; ours are compared with both relaxed. */
type Relaxed<T> = T extends string
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Relaxed<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Relaxed<T[Key]> }
      : T

type Fits<Ours, Theirs> = Relaxed<Ours> extends Relaxed<Theirs> ? true : false

/** Members whose insides are built from parts; the SDK reads them in `sdk.test.ts`. */
type Built = 'type' | 'sequence_number' | 'response' | 'item' | 'part' | 'annotation' | 'logprobs'

/** Event types that we write and the SDK does not know, or whose members it declares otherwise. */
type Mismatches = {
  [Type in keyof wire.WireEvents]: [Official<Type>] extends [never]
    ? Type
    : Fits<Omit<wire.WireEvents[Type], Built>, Omit<Official<Type>, Built>> extends true
      ? Fits<keyof Official<Type>, keyof wire.WireEvents[Type] | 'type' | 'sequence_number'> extends true
        ? never
        : Type
      : Type
}[keyof wire.WireEvents]

const checks: {
  readonly events: [Mismatches] extends [never] ? true : Mismatches
  readonly usage: Fits<wire.WireUsage, OpenAI.Responses.ResponseUsage>
  readonly toolUsage: Fits<wire.WireToolUsage, OpenAI.Responses.Response.ToolUsage>
  readonly text: Fits<
    Omit<wire.WireOutputText, 'annotations'>,
    Omit<OpenAI.Responses.ResponseOutputText, 'annotations'>
  >
  readonly summary: Fits<wire.WireSummary, OpenAI.Responses.ResponseReasoningItem.Summary>
  readonly thought: Fits<wire.WireThought, OpenAI.Responses.ResponseReasoningItem.Content>
  readonly status: wire.WireStatus extends OpenAI.Responses.ResponseOutputMessage['status'] ? true : false
} = {
  events: true,
  usage: true,
  toolUsage: true,
  text: true,
  summary: true,
  thought: true,
  status: true,
}

test('what the encoders write is what the official client declares', () => {
  // The compiler has done the work; a wrong shape does not get this far.
  expect(Object.values(checks).every((check) => check === true)).toBe(true)
})
