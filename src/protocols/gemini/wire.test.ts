import { expect, test } from 'bun:test'
import type {
  Candidate,
  FileData,
  FunctionCall,
  FunctionResponse,
  GenerateContentResponse,
  Part,
  Blob as SdkBlob,
} from '@google/genai'
import type {
  WireAnswer,
  WireBlob,
  WireCandidate,
  WireFile,
  WireFunctionCall,
  WireFunctionResponse,
  WirePart,
} from './wire.ts'

/** Every member that we write must be one that Google's own types know. */
type Known<Ours, Theirs> = Exclude<keyof Ours, keyof Theirs> extends never ? true : false

const checks: readonly true[] = [
  true satisfies Known<WirePart, Part>,
  true satisfies Known<WireBlob, SdkBlob>,
  true satisfies Known<WireFile, FileData>,
  true satisfies Known<WireFunctionCall, FunctionCall>,
  true satisfies Known<WireFunctionResponse, FunctionResponse>,
  true satisfies Known<WireCandidate, Candidate>,
  true satisfies Known<WireAnswer, GenerateContentResponse>,
]

test('the members that are written are the official ones', () => {
  expect(checks.every((check) => check)).toBe(true)
})
