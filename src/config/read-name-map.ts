import type { ConfigProblem } from './config-error.ts'
import type { ConfigNode } from './config-node.ts'
import { printableKey } from './printable-key.ts'
import { type Environment, readYaml } from './read-yaml.ts'

export interface NamedText {
  readonly text: string
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
}

/** A file of `name: text` lines, YAML or JSON. Every fault has its line; what is right is given all the same. */
export const readNameMap = (
  text: string,
  file: string,
  env: Environment,
): { readonly entries: ReadonlyMap<string, NamedText>; readonly problems: readonly ConfigProblem[] } => {
  const { node, problems } = readYaml(text, file, env)
  if (node?.content.type !== 'map') return { entries: new Map(), problems }
  const entries = new Map<string, NamedText>()
  const faults: ConfigProblem[] = []
  for (const [name, value] of node.content.entries) {
    const place = placeOf(value, file)
    const fault = faultOf(name, value)
    if (fault === undefined) entries.set(name, { text: String(plainText(value)), ...place })
    else faults.push({ ...place, path: printableKey(name), message: fault })
  }
  return { entries, problems: [...problems, ...faults] }
}

const faultOf = (name: string, value: ConfigNode): string | undefined => {
  if (name === '') return 'the name is empty'
  const text = plainText(value)
  if (typeof text === 'string') return text === '' ? 'must be a text that is not empty' : undefined
  const { content } = value
  if (content.type === 'map') return 'must be a text, not a section'
  if (content.type === 'list') return 'must be a text, not a list'
  return content.value === null ? 'has no value' : 'must be a text; put it in quotes'
}

const plainText = ({ content }: ConfigNode): unknown =>
  content.type === 'scalar' ? content.value : undefined

const placeOf = (node: ConfigNode, file: string) => {
  const origin = node.keyOrigin ?? node.origin
  return origin.type === 'file'
    ? { file, line: origin.line, column: origin.column }
    : { file, line: 1, column: 1 }
}
