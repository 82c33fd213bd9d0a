import type { ServerTool } from '../../ir/index.ts'
import {
  anthropicImage,
  geminiResolution,
  geminiTiles,
  type ImageTokens,
  patchedImage,
  tiledImage,
} from './image-tokens.ts'

/**
 * Raised with whatever changes a count: the numbers here, what is counted of a prompt or an answer, the estimate of a
 * text. Counts of two editions are no series.
 */
export const countEdition = 1

/**
 * How a family of models counts a prompt. Numbers beside the vendors' own are fitted to recorded requests whose
 * tokens the provider reported.
 */
export interface TokenProfile {
  /** OpenAI's alphabets are public, so its tokens can be counted. */
  readonly encoding?: 'o200k_base' | 'cl100k_base'
  /** Tokens of a text, to those that it has in `o200k`. */
  readonly textScale: number
  readonly perRequest: number
  readonly perMessage: number
  readonly perCall: number
  /** What an answer has beside its words: once, for its first call of a tool, and for each other one. */
  readonly perAnswer: number
  readonly firstCall: number
  readonly furtherCall: number
  /** What the thoughts behind a signed call cost. */
  readonly perSignature: number
  /** What the model is told about tools at all, once and for each. */
  readonly anyTools: number
  readonly perTool: number
  readonly toolsAs: 'typescript' | 'json'
  readonly serverTools: Readonly<Partial<Record<ServerTool, number>>>
  /** A schema for the answer is put into the prompt. */
  readonly readsSchema: boolean
  readonly anySchema: number
  /** Thoughts in the history are read again. */
  readonly readsThoughts: boolean
  readonly perDocument: number
  readonly anyCitations: number
  readonly image: ImageTokens
  readonly pdfPage: number
  readonly audioSecond: number
  readonly videoSecond: number
}

const plain: TokenProfile = {
  textScale: 1.1,
  perRequest: 8,
  perMessage: 5,
  perCall: 8,
  perAnswer: 2,
  firstCall: 10,
  furtherCall: 10,
  perSignature: 0,
  anyTools: 60,
  perTool: 10,
  toolsAs: 'json',
  serverTools: {},
  readsSchema: true,
  anySchema: 20,
  readsThoughts: true,
  perDocument: 10,
  anyCitations: 0,
  image: tiledImage(85, 170),
  pdfPage: 1000,
  audioSecond: 25,
  videoSecond: 260,
}

const claude: TokenProfile = {
  ...plain,
  textScale: 1.14,
  perRequest: 4,
  perMessage: 3,
  perCall: 25,
  perAnswer: 3,
  firstCall: 40,
  furtherCall: 40,
  anyTools: 480,
  perTool: 45,
  serverTools: { 'web-search': 1800, 'web-fetch': 1500, 'code-execution': 1500, mcp: 400 },
  anySchema: 100,
  readsThoughts: false,
  perDocument: 40,
  anyCitations: 560,
  image: anthropicImage(1568, 1600),
  pdfPage: 1600,
}

const scaled = (profile: TokenProfile, factor: number): TokenProfile => ({
  ...profile,
  textScale: profile.textScale * factor,
})

/** The alphabet since Opus 4.7 cuts a text into a quarter to a third more tokens. */
const newClaude: TokenProfile = { ...scaled(claude, 1.25), image: anthropicImage(2576, 4784) }

const gemini: TokenProfile = {
  ...plain,
  textScale: 1,
  perRequest: 0,
  perMessage: 0,
  perCall: 6,
  perAnswer: 0,
  firstCall: 9,
  furtherCall: 9,
  perSignature: 60,
  anyTools: 0,
  perTool: 2,
  readsSchema: false,
  anySchema: 0,
  readsThoughts: false,
  perDocument: 0,
  image: geminiTiles,
  pdfPage: 258,
  audioSecond: 32,
  videoSecond: 263,
}

const gemini3: TokenProfile = {
  ...gemini,
  readsThoughts: true,
  image: geminiResolution,
  pdfPage: 540,
  videoSecond: 70,
}

const gpt: TokenProfile = {
  ...plain,
  encoding: 'o200k_base',
  textScale: 1,
  perRequest: 3,
  perMessage: 4,
  perCall: 7,
  perAnswer: 1,
  // Calls beside each other are wrapped once more.
  firstCall: 6,
  furtherCall: 24,
  anyTools: 0,
  perTool: 0,
  toolsAs: 'typescript',
  anySchema: 10,
  readsThoughts: false,
  perDocument: 10,
  pdfPage: 300,
}

const gpt5: TokenProfile = { ...gpt, perMessage: 3, perAnswer: 4, image: tiledImage(70, 140) }

/** The first whose pattern is in the model's name. */
const profiles: readonly (readonly [RegExp, TokenProfile])[] = [
  [/claude-(?:opus-4[-.][7-9]|(?:opus|sonnet|haiku|fable|mythos)-[5-9])/, newClaude],
  [/claude/, claude],
  [/gemini-(?:1|2)[.-]/, gemini],
  [/gemini/, gemini3],
  [/gpt-oss/, { ...plain, encoding: 'o200k_base', textScale: 1 }],
  [/gpt-3\.5|gpt-35|gpt-4-|gpt-4$/, { ...gpt, encoding: 'cl100k_base' }],
  [/gpt-4o-mini/, { ...gpt, image: tiledImage(2833, 5667) }],
  [/gpt-4\.1-mini/, { ...gpt, image: patchedImage(1536, 1.62) }],
  [/gpt-4\.1-nano/, { ...gpt, image: patchedImage(1536, 2.46) }],
  [/o4-mini/, { ...gpt, image: patchedImage(1536, 1.72) }],
  [/gpt-5-mini/, { ...gpt5, image: patchedImage(1536, 1.62) }],
  [/gpt-5-nano/, { ...gpt5, image: patchedImage(1536, 2.46) }],
  [/gpt-5(?:\.[0-3])?(?:$|-)/, gpt5],
  [/gpt-(?:[5-9]|\d\d)/, { ...gpt5, image: patchedImage(2500, 1) }],
  [/(?:^|\/)o[134](?:$|-)/, { ...gpt, image: tiledImage(75, 150) }],
  [/gpt|codex/, gpt],
]

/** Names are no longer than this; what is, is none. */
const longestName = 256

/** How a model counts, by its name in any letter case. */
export const tokenProfile = (model: string): TokenProfile => {
  const name = model.slice(0, longestName).toLowerCase()
  return profiles.find(([pattern]) => pattern.test(name))?.[1] ?? plain
}
