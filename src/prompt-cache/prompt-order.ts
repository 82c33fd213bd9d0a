import type { ProtocolId } from '../ir/index.ts'
import {
  afterSpace,
  isArrayAt,
  type Member,
  membersAt,
  type Place,
  valueEnd,
  walkArray,
  walkObject,
} from '../wire/index.ts'

/** In what order a provider puts a request's members before the model, and which others its cache depends on. */
export interface PromptOrder {
  readonly prompt: readonly string[]
  /** The member that holds the conversation: it grows at its end. */
  readonly history: string
  /** What makes another prompt, or another cache, of the same words. */
  readonly settings: readonly string[]
}

/** Undefined for a protocol whose requests are no prompts. */
export const promptOrder = (protocol: ProtocolId): PromptOrder | undefined => orders[protocol]

// Anthropic: https://platform.claude.com/docs/en/build-with-claude/prompt-caching (order, and what invalidates what).
// OpenAI: https://developers.openai.com/api/docs/guides/prompt-caching; the reasons of a miss that Responses names.
const orders: Readonly<Partial<Record<ProtocolId, PromptOrder>>> = {
  'anthropic-messages': {
    prompt: ['tools', 'system', 'messages'],
    history: 'messages',
    settings: [
      'tool_choice',
      'thinking',
      'output_config',
      'output_format',
      'speed',
      'mcp_servers',
      'container',
    ],
  },
  'openai-chat': {
    prompt: ['tools', 'functions', 'messages'],
    history: 'messages',
    settings: [
      'response_format',
      'tool_choice',
      'reasoning_effort',
      'verbosity',
      'prompt_cache_key',
      'service_tier',
    ],
  },
  'openai-responses': {
    prompt: ['tools', 'instructions', 'input'],
    history: 'input',
    settings: ['text', 'tool_choice', 'reasoning', 'prompt_cache_key', 'service_tier'],
  },
  gemini: {
    prompt: ['tools', 'systemInstruction', 'system_instruction', 'contents'],
    history: 'contents',
    settings: ['toolConfig', 'tool_config', 'cachedContent'],
  },
}

/** The root's members by key; the last of equal keys wins. */
export const rootMembers = (text: string): ReadonlyMap<string, Member> => {
  const members = new Map<string, Member>()
  for (const member of membersAt(text, bodyStart(text))) members.set(member.key, member)
  return members
}

/** A byte order mark is no part of the JSON. */
export const bodyStart = (text: string): number =>
  afterSpace(text, text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0)

/**
 * Claude Code's first system block is a note to Anthropic (`x-anthropic-billing-header: …`), other in each request:
 * no model reads it, and no cache depends on it.
 */
export const isBillingNote = (text: string, start: number): boolean =>
  text.slice(start, start + farthestNote).includes('"x-anthropic-billing-header:')

const farthestNote = 80

/** One piece of a prompt: an item of one of its lists, or a member that is none. */
export interface Piece extends Place {
  /** Belongs to the conversation, not to what stands before it. */
  readonly isTurn: boolean
}

/** The pieces of a prompt in the order in which the model reads them. One pass over the text. */
export const piecesOf = (text: string, { prompt, history }: PromptOrder): readonly Piece[] => {
  const found = new Map<string, Piece[]>()
  walkObject(text, bodyStart(text), (key, value) => {
    if (!prompt.includes(key)) return undefined
    const isTurn = key === history
    const pieces: Piece[] = []
    found.set(key, pieces)
    if (!isArrayAt(text, value)) {
      const end = valueEnd(text, value)
      pieces.push({ start: value, end, isTurn })
      return end
    }
    return walkArray(text, value, (start) => {
      const end = valueEnd(text, start)
      if (!isBillingNote(text, start)) pieces.push({ start, end, isTurn })
      return end
    })
  })
  return prompt.flatMap((key) => found.get(key) ?? [])
}
