import { expect, test } from 'bun:test'
import type Anthropic from '@anthropic-ai/sdk'
import type * as wire from './wire.ts'

/** Compiles only when the first type may stand where the second is wanted. */
type Fits<Ours extends Official, Official> = Ours
type Mutable<T> = { -readonly [key in keyof T]: T[key] }

type Checked = [
  Fits<wire.WireTextBlock, Anthropic.TextBlock>,
  Fits<wire.WireThinkingBlock, Anthropic.ThinkingBlock>,
  Fits<wire.WireRedactedThinkingBlock, Anthropic.RedactedThinkingBlock>,
  Fits<wire.WireToolUseBlock, Anthropic.ToolUseBlock>,
  Fits<wire.WireContentBlock, Anthropic.ContentBlock>,
  Fits<wire.WireCitation, Anthropic.TextCitation>,
  Fits<wire.WireStopReason, Anthropic.StopReason>,
  Fits<Anthropic.StopReason, wire.WireStopReason>,
  Fits<wire.WireStopDetails, Anthropic.RefusalStopDetails>,
  Fits<wire.WireUsage, Anthropic.Usage>,
  Fits<keyof Anthropic.Usage, keyof wire.WireUsage>,
  Fits<wire.WireDeltaUsage, Anthropic.MessageDeltaUsage>,
  Fits<keyof Anthropic.MessageDeltaUsage, keyof wire.WireDeltaUsage>,
  Fits<wire.WireMessage, Anthropic.Message>,
  Fits<keyof Anthropic.Message, keyof wire.WireMessage>,
  Fits<wire.WireStreamEvent, Anthropic.RawMessageStreamEvent>,
  Fits<wire.WireDelta, Anthropic.RawContentBlockDelta>,
  Fits<wire.WireModel, Anthropic.ModelInfo>,
  Fits<keyof Anthropic.ModelInfo, keyof wire.WireModel>,
  Fits<wire.WireCacheControl, Anthropic.CacheControlEphemeral>,
  Fits<keyof wire.WireTool, keyof Anthropic.Tool>,
  Fits<Mutable<Omit<wire.WireTool, 'input_schema'>>, Omit<Anthropic.Tool, 'input_schema'>>,
]

test('our wire types are those of the official SDK', () => {
  // The check is the compilation of `Checked`.
  const checked: Checked['length'] = 22
  expect(checked).toBe(22)
})
