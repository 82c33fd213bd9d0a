import type { JsonText, ProtocolId } from '../../ir/index.ts'
import { objectMember, objectOf, textMember } from './json-source.ts'

/** A grammar that free text must follow. */
interface Grammar {
  readonly syntax: string
  readonly definition: string
}

/** Chat nests the grammar, Responses does not. */
const grammarOf = (format: JsonText): Grammar | undefined => {
  const wire = objectOf(format)
  const grammar = objectMember(wire, 'grammar') ?? wire
  const syntax = textMember(grammar, 'syntax')
  const definition = textMember(grammar, 'definition')
  return syntax === undefined || definition === undefined ? undefined : { syntax, definition }
}

/** The format of a free-text tool in the spelling of a protocol that has them. */
export const formatFor = (protocol: ProtocolId, format: JsonText): JsonText => {
  const grammar = grammarOf(format)
  if (grammar === undefined) return format
  const { syntax, definition } = grammar
  return protocol === 'openai-chat'
    ? JSON.stringify({ type: 'grammar', grammar: { syntax, definition } })
    : JSON.stringify({ type: 'grammar', syntax, definition })
}

/** The grammar in words, for a model that cannot be held to it; undefined where any text will do. */
export const grammarText = (format: JsonText | undefined): string | undefined => {
  const grammar = format === undefined ? undefined : grammarOf(format)
  return grammar === undefined ? undefined : `Grammar of input (${grammar.syntax}):\n${grammar.definition}`
}
