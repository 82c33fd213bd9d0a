import { isJsonObject, type Leaf } from '../../ir/index.ts'
import type { WireRequest } from '../protocol.ts'
import { schemaKeywords } from '../schema-keywords.ts'
import { parseBody } from './decode-request.ts'
import { type Place, walkStrings } from './walk-strings.ts'

/**
 * Every text of a request. Every string is text but for ids, names, enum words, media and opaque state, so that a part
 * of tomorrow hides nothing. Keys count in both spellings.
 */
export const leaves = (wire: WireRequest): readonly Leaf[] => {
  const { value } = parseBody(wire.body)
  const text = Buffer.from(wire.body.buffer, wire.body.byteOffset, wire.body.byteLength).toString('latin1')
  const found = new Map<string, Leaf>()
  const add = (place: Place, kind: Leaf['kind'], json: boolean): void => {
    const source = Buffer.from(text.slice(place.start, place.end), 'latin1').toString('utf8')
    const base = idOf(place.path)
    // Equal keys in one object give equal paths; both texts reach the provider, so both are leaves.
    let id = base
    for (let copy = 2; found.has(id); copy++) id = `${base}#${copy}`
    found.set(id, {
      id,
      role: roleOf(place.path, value),
      kind,
      text: json ? source : String(JSON.parse(source)),
      start: place.start,
      end: place.end,
      ...(json ? { json: true } : {}),
    })
  }
  walkStrings(text, {
    takes: (path) => wholeKind(path) !== undefined,
    whole: (place) => add(place, wholeKind(place.path) ?? 'text', true),
    string(place) {
      const kind = stringKind(place.path, value)
      if (kind !== undefined) add(place, kind, false)
    },
  })
  return [...found.values()]
}

type Path = Place['path']

const camel = (step: string | number | undefined): string =>
  typeof step === 'string' ? step.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : ''

/** Objects whose strings are all text: what a model asked a tool, and what the tool answered. */
const wholeKind = (path: Path): Leaf['kind'] | undefined => {
  const owner = camel(path.at(-2))
  switch (camel(path.at(-1))) {
    case 'args':
      return owner === 'functionCall' || owner === 'toolCall' ? 'tool-input' : undefined
    case 'response':
      return owner === 'functionResponse' || owner === 'toolResponse' ? 'tool-output' : undefined
    case 'partialArgs':
      return owner === 'functionCall' ? 'tool-input' : undefined
    default:
      return undefined
  }
}

const stringKind = (path: Path, root: unknown): Leaf['kind'] | undefined => {
  const key = camel(path.findLast((step) => typeof step === 'string'))
  const owner = camel(path.at(-2))
  if (isInTools(path) || isInSchema(path)) return schemaKind(path)
  if (settings.has(rootOf(path))) return undefined
  switch (key) {
    case 'text':
      if (isEmbedding(path, root)) return 'embedding'
      return parentOf(path, root)?.['thought'] === true ? 'reasoning' : 'text'
    case 'systemInstruction':
      return 'text'
    case 'code':
      return owner === 'executableCode' ? 'tool-input' : undefined
    case 'output':
      return owner === 'codeExecutionResult' ? 'tool-output' : undefined
    case 'args':
      return 'tool-input'
    case 'displayName':
    case 'title':
      return 'title'
    default:
      if (notText.has(key)) return undefined
      return isBeside(path) ? 'title' : 'text'
  }
}

/** Members of the request that say how to answer, in enum words and ids. */
const settings: ReadonlySet<string> = new Set([
  'model',
  'cachedContent',
  'safetySettings',
  'toolConfig',
  'serviceTier',
  'modelArmorConfig',
])

/** Ids, names, enum words, media and opaque state. */
const notText: ReadonlySet<string> = new Set([
  'role',
  'id',
  'name',
  'model',
  'mimeType',
  'data',
  'fileUri',
  'thoughtSignature',
  'scheduling',
  'language',
  'outcome',
  'level',
  'startOffset',
  'endOffset',
  'taskType',
  'responseMimeType',
  'responseModalities',
  'mediaResolution',
  'thinkingLevel',
  'voiceName',
  'languageCode',
  'aspectRatio',
  'imageSize',
])

/** What is neither said nor embedded: labels, and where an answer ends. */
const isBeside = (path: Path): boolean => !conversation.has(rootOf(path))

const conversation: ReadonlySet<string> = new Set(['contents', 'content', 'systemInstruction', 'requests'])

/** Counting may take a whole request as a member. */
const rootOf = ([root, member]: Path): string =>
  camel(root) === 'generateContentRequest' ? camel(member) : camel(root)

const isInTools = (path: Path): boolean => path.some((step) => camel(step) === 'tools')

const isInSchema = (path: Path): boolean =>
  path.some((step) => camel(step) === 'responseSchema' || camel(step) === 'responseJsonSchema')

/**
 * Words of whoever wrote the tool, and the values that a schema allows. A property may be called `type`, but then its
 * value is no string.
 */
const schemaKind = (path: Path): Leaf['kind'] | undefined => {
  const key = camel(path.findLast((step) => typeof step === 'string'))
  // Where a server of tools is, and what it takes to be let in.
  if (path.some((step) => camel(step) === 'mcpServers')) return undefined
  if (key === 'title') return 'title'
  return keywords.has(key) && !path.includes('default') ? undefined : 'description'
}

const keywords: ReadonlySet<string> = new Set([
  ...schemaKeywords,
  'name',
  'propertyOrdering',
  'behavior',
  'fileSearchStoreNames',
])

const isEmbedding = (path: Path, root: unknown): boolean =>
  path[0] === 'content' || (path[0] === 'requests' && isJsonObject(root))

const parentOf = (path: Path, root: unknown) => {
  let at: unknown = root
  for (const step of path.slice(0, -1)) {
    at = isJsonObject(at)
      ? Object.getOwnPropertyDescriptor(at, step)?.value
      : Array.isArray(at) && typeof step === 'number'
        ? at[step]
        : undefined
  }
  return isJsonObject(at) ? at : undefined
}

const roleOf = (path: Path, root: unknown): Leaf['role'] => {
  if (path.some((step) => camel(step) === 'functionResponse' || camel(step) === 'codeExecutionResult'))
    return 'tool'
  if (path.some((step) => camel(step) === 'systemInstruction') || isInTools(path)) return 'system'
  if (isBeside(path)) return 'system'
  const at = path.indexOf('contents')
  if (at < 0) return 'user'
  const contentPath = path.slice(0, typeof path[at + 1] === 'number' ? at + 2 : at + 1)
  return parentOf([...contentPath, 'role'], root)?.['role'] === 'model' ? 'assistant' : 'user'
}

/** `contents[0].parts[1].text` */
const idOf = (path: Path): string =>
  path.reduce<string>(
    (id, step) => (typeof step === 'number' ? `${id}[${step}]` : id === '' ? step : `${id}.${step}`),
    '',
  )
