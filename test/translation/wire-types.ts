/**
 * Holds request bodies against the vendors' own types (the official SDKs'), with their compiler. Free text, names and
 * schemas are put in one form first, so that thousands of bodies become some hundred kinds.
 */
import { join } from 'node:path'
import ts from 'typescript'
import { isJsonObject } from '../../src/ir/index.ts'
import type { Client } from './cases.ts'

/** What a body says by its keys and words alone: the body without its lists, and each element of them in one of its own. */
export const kindsOf = (body: string): readonly string[] => {
  const kind = plainly(JSON.parse(body), '')
  if (!isJsonObject(kind)) return [JSON.stringify(kind)]
  const least = Object.fromEntries(Object.entries(kind).filter(([key]) => demanded.has(key)))
  return [
    JSON.stringify({
      ...kind,
      ...Object.fromEntries(lists.filter((key) => Array.isArray(kind[key])).map((key) => [key, []])),
    }),
    ...lists.flatMap((key) => {
      const elements = kind[key]
      return Array.isArray(elements)
        ? elements.map((element) => JSON.stringify({ ...least, ...emptied(kind), [key]: [element] }))
        : []
    }),
  ]
}

const lists = ['messages', 'input', 'contents', 'system', 'tools']

const demanded: ReadonlySet<string> = new Set(['model', 'max_tokens'])

/** The list that every body must have. */
const emptied = (kind: object): object =>
  'messages' in kind ? { messages: [] } : 'contents' in kind ? { contents: [] } : { input: [] }

/** Members whose strings are nobody's words. */
const freeStrings: ReadonlySet<string> = new Set([
  ...[
    'name',
    'text',
    'description',
    'content',
    'data',
    'title',
    'url',
    'instructions',
    'model',
    'user',
    'arguments',
  ],
  ...[
    'id',
    'call_id',
    'tool_use_id',
    'tool_call_id',
    'item_id',
    'user_id',
    'signature',
    'input',
    'output',
    'refusal',
  ],
  ...[
    'thoughtSignature',
    'prompt_cache_key',
    'safety_identifier',
    'filename',
    'file_data',
    'image_url',
    'stop',
  ],
  ...[
    'encrypted_content',
    'fileUri',
    'displayName',
    'stop_sequences',
    'stopSequences',
    'file_url',
    'reasoning_content',
  ],
  ...['allowedFunctionNames', 'server_label', 'server_url', 'mcp_server_name', 'definition', 'authorization'],
])

/** Members whose objects have any shape. */
const freeObjects: ReadonlySet<string> = new Set([
  ...[
    'parameters',
    'input_schema',
    'parametersJsonSchema',
    'schema',
    'responseJsonSchema',
    'args',
    'input',
    'response',
  ],
  ...['metadata', 'output_schema', 'configs', 'headers'],
])

const plainly = (value: unknown, key: string): unknown => {
  if (typeof value === 'string') return freeStrings.has(key) ? 'x' : value
  if (typeof value === 'number') return 1
  if (Array.isArray(value)) {
    return [
      ...new Map(
        value
          .map((item) => plainly(item, typeof item === 'string' ? key : ''))
          .map((item) => [JSON.stringify(item), item]),
      ).values(),
    ]
  }
  if (!isJsonObject(value)) return value
  if (freeObjects.has(key)) return key === 'input_schema' ? { type: 'object' } : {}
  // Tools of the vendor's have names of the vendor's.
  const isVendors = /_\d{8}$/.test(String(value['type']))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isVendors && name === 'name' ? member : plainly(member, name),
    ]),
  )
}

const preamble = `
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions'
import type { ResponseCreateParams } from 'openai/resources/responses/responses'
import type { MessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type * as genai from '@google/genai'
type Words<T> = T extends string ? \`\${T}\` : T extends readonly (infer E)[] ? Words<E>[] : T extends object ? { [K in keyof T]: Words<T[K]> } : T
interface Gemini {
  contents: genai.Content[]
  systemInstruction?: genai.Content
  tools?: genai.Tool[]
  toolConfig?: genai.ToolConfig
  generationConfig?: genai.GenerationConfig
  safetySettings?: genai.SafetySetting[]
  cachedContent?: string
  serviceTier?: genai.ServiceTier
  store?: boolean
}
type Bodies = {
  'openai-chat': ChatCompletionCreateParams
  'openai-responses': ResponseCreateParams
  'anthropic-messages': MessageCreateParams
  gemini: Words<Gemini>
}
`

export interface MistypedKind {
  readonly protocol: Client
  readonly kind: string
  readonly message: string
}

/** The kinds of bodies that the vendor's types do not have. */
export const mistyped = (
  kinds: readonly (readonly [protocol: Client, kind: string])[],
): readonly MistypedKind[] => {
  const folder = join(import.meta.dir, '../..')
  const file = join(folder, 'test/translation/emitted.virtual.ts')
  const head = preamble.split('\n').length - 1
  const source =
    preamble +
    kinds
      .map(([protocol, kind], index) => `export const b${index}: Bodies['${protocol}'] = ${kind}`)
      .join('\n')
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.esnext.d.ts'],
  }
  const host = ts.createCompilerHost(options)
  const readReal = host.getSourceFile
  host.getSourceFile = (name, language, ...rest) =>
    name === file ? ts.createSourceFile(name, source, language) : readReal(name, language, ...rest)
  host.fileExists = (name) => name === file || ts.sys.fileExists(name)
  const program = ts.createProgram([file], options, host)
  const emitted = program.getSourceFile(file)
  if (emitted === undefined) throw new Error('the compiler was given nothing')
  const found = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSemanticDiagnostics(emitted),
  ]
  return found.map(({ start, messageText }) => {
    const line = start === undefined ? -1 : emitted.getLineAndCharacterOfPosition(start).line - head
    const [protocol, kind] = kinds[line] ?? (['openai-chat', 'no body at all'] as const)
    return { protocol, kind, message: ts.flattenDiagnosticMessageText(messageText, '\n') }
  })
}
