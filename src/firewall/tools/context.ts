import { type GenerateRequest, isSummary, type Part } from '../../ir/index.ts'
import { compileGlobs } from '../glob.ts'
import type { PlaceholderMap } from '../placeholders/index.ts'
import { compileHosts, hostsOf } from './hosts.ts'
import { readCall } from './read-call.ts'

/** Tools whose answers others may have written: the web, MCP servers, files, search. */
export const defaultForeignTools: readonly string[] = [
  ...[
    '*fetch*',
    '*Fetch*',
    '*web*',
    '*Web*',
    '*browse*',
    '*http*',
    '*search*',
    '*Search*',
    'mcp__*',
    'mcp_*',
    '*.*',
  ],
  ...['*read*', '*Read*', '*file*', '*File*', '*view*', '*View*', '*grep*', '*Grep*', '*download*'],
]

/**
 * Has a tool answered whose name fits one of the globs, has a command answered that reached the network, has the
 * provider searched the web, or may any of it have happened before the conversation was compacted?
 */
export const hasForeignContent = (request: GenerateRequest, tools: readonly string[]): boolean => {
  const isForeign = compileGlobs(tools)
  const isLocal = compileHosts([])
  const names = new Map<string, string>()
  const loads = new Set<string>()
  const brings = (part: Part): boolean => {
    switch (part.type) {
      case 'tool-call': {
        const name = part.namespace === undefined ? part.name : `${part.namespace}__${part.name}`
        if (part.id === undefined) return false
        names.set(part.id, name)
        const hosts = readCall({ name, kind: part.kind, input: part.input }).programs.flatMap(hostsOf)
        if (hosts.some((host) => !isLocal(host))) loads.add(part.id)
        return false
      }
      case 'tool-result': {
        const id = part.callId ?? ''
        const name = names.get(id) ?? part.name
        if (loads.has(id)) return true
        // Whose answer it is cannot be told: then it is not trusted.
        return name === undefined || isForeign(name)
      }
      case 'server-result':
        return part.tool !== 'memory' && part.tool !== 'tool-search'
      // Nobody can tell what a compacted conversation had read.
      case 'text':
        return isSummary(part.text)
      case 'opaque':
        return part.name === 'compaction'
      default:
        return false
    }
  }
  return request.turns.some((turn) => turn.parts.some(brings))
}

/**
 * Tells whether a name was said by the user or the operator, or by a tool that brings nothing foreign: as a word, so
 * that `left-pad` is not seen in `left-padding`.
 */
export const wordsOf = (
  request: GenerateRequest,
  foreignTools: readonly string[],
): ((name: string) => boolean) => {
  const isForeign = compileGlobs(foreignTools)
  const names = new Map<string, string>()
  const texts: string[] = []
  for (const turn of request.turns) {
    for (const part of turn.parts) {
      if (part.type === 'tool-call' && part.id !== undefined) names.set(part.id, part.name)
      if (part.type === 'text' && turn.role !== 'assistant' && !isSummary(part.text)) texts.push(part.text)
      if (part.type !== 'tool-result') continue
      const name = names.get(part.callId ?? '') ?? part.name
      if (name === undefined || isForeign(name)) continue
      for (const piece of part.content) if (piece.type === 'text') texts.push(piece.text)
    }
  }
  return (name) => texts.some((text) => hasWord(text, name))
}

const hasWord = (text: string, word: string): boolean => {
  if (word === '') return false
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!goesOn(text[at - 1]) && !goesOn(text[at + word.length])) return true
  }
  return false
}

const goesOn = (character: string | undefined): boolean => character !== undefined && /[\w-]/.test(character)

/** Tells whether a text holds a redacted value of one of the types, or what stands for it. */
export const carriesSecrets = (
  map: PlaceholderMap,
  isSecret: (type: string) => boolean,
): ((text: string) => boolean) => {
  const signs = map
    .entries()
    .filter(({ type }) => isSecret(type))
    .flatMap(({ placeholder, value }) => [
      placeholder.replace(/^\[|\]$/g, ''),
      ...(value === undefined ? [] : [value]),
    ])
  return (text) => signs.some((sign) => text.includes(sign))
}
