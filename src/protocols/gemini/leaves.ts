import { isJsonObject, type Leaf } from '../../ir/index.ts'
import type { WireRequest } from '../protocol.ts'
import { parseBody } from './decode-request.ts'
import { type Place, walkStrings } from './walk-strings.ts'

/** Every text of a request, told from ids, names and media by where it stands. Keys count in both spellings. */
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
  const key = camel(path.at(-1))
  const owner = camel(path.at(-2))
  if (isInTools(path)) return schemaKind(path)
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
      return isInSchema(path) ? schemaKind(path) : undefined
  }
}

const isInTools = (path: Path): boolean => path.some((step) => camel(step) === 'tools')

const isInSchema = (path: Path): boolean =>
  path.some((step) => camel(step) === 'responseSchema' || camel(step) === 'responseJsonSchema')

/** Words of whoever wrote the tool. A property may be called `description`, but then its value is no string. */
const schemaKind = (path: Path): Leaf['kind'] | undefined => {
  const key = path.findLast((step) => typeof step === 'string')
  switch (key) {
    case 'description':
    case 'default':
    case 'example':
    case 'examples':
    case '$comment':
      return 'description'
    case 'title':
      return 'title'
    default:
      return undefined
  }
}

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
