import type {
  AudioPart,
  DocumentPart,
  GenerateRequest,
  ImagePart,
  Part,
  ToolDefinition,
  VideoPart,
} from '../../ir/index.ts'

/** What a model reads of a request, as far as it costs tokens. */
export interface PromptContent {
  readonly texts: readonly string[]
  /** Each tool as the JSON that most vendors show to the model, and the same tools. */
  readonly tools: readonly string[]
  readonly definitions: readonly ToolDefinition[]
  readonly images: readonly ImagePart[]
  /** Documents that are no text. */
  readonly files: readonly DocumentPart[]
  readonly sounds: readonly AudioPart[]
  readonly videos: readonly VideoPart[]
  readonly messages: number
  readonly calls: number
  readonly results: number
  /** Calls that carry a model's state. */
  readonly signedCalls: number
  /** Characters of sealed histories. */
  readonly sealed: number
  readonly documents: number
  readonly wantsCitations: boolean
}

type Growing<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] }

/** @param readsThoughts are thoughts of earlier answers part of what is read? */
export const promptContent = (
  request: GenerateRequest,
  { readsThoughts }: { readonly readsThoughts: boolean },
): PromptContent => {
  const content: Growing<PromptContent> = {
    texts: [],
    tools: [],
    definitions: [],
    images: [],
    files: [],
    sounds: [],
    videos: [],
    messages: 0,
    calls: 0,
    results: 0,
    signedCalls: 0,
    sealed: 0,
    documents: 0,
    wantsCitations: false,
  }
  for (const turn of request.turns) {
    if (turn.parts.length > 0) content.messages++
    if (turn.name !== undefined) content.texts.push(turn.name)
    for (const part of turn.parts) {
      if (part.type !== 'reasoning' || readsThoughts) addPart(part, content)
    }
    for (const tool of turn.tools ?? []) addTool(tool, content)
  }
  for (const tool of request.tools) addTool(tool, content)
  return content
}

const addPart = (part: Part, content: Growing<PromptContent>): void => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      content.texts.push(part.text)
      break
    case 'json':
      content.texts.push(part.json)
      break
    case 'reasoning':
      for (const piece of part.pieces) content.texts.push(piece.text)
      break
    case 'tool-call':
      content.calls++
      if (part.state !== undefined) content.signedCalls++
      content.texts.push(part.name, part.input)
      break
    case 'tool-result':
      content.results++
      for (const piece of part.content) addPart(piece, content)
      break
    case 'server-call':
      content.calls++
      content.texts.push(part.name, part.input)
      break
    case 'server-result':
      content.results++
      content.texts.push(part.output)
      break
    case 'image':
      content.images.push(part)
      break
    case 'document':
      addDocument(part, content)
      break
    case 'audio':
      content.sounds.push(part)
      break
    case 'video':
      content.videos.push(part)
      break
    case 'opaque':
      // Sealed state is no text; the model reads what it stands for.
      if (part.state !== undefined) content.sealed += part.state.value.length
      else if (part.raw !== undefined) content.texts.push(part.raw.json)
      break
  }
}

const addDocument = (part: DocumentPart, content: Growing<PromptContent>): void => {
  const { source } = part
  content.documents++
  content.wantsCitations ||= part.wantsCitations === true
  for (const text of [part.title, part.context, part.url]) if (text !== undefined) content.texts.push(text)
  if (source.type === 'text') content.texts.push(source.text)
  else if (source.type === 'base64' && source.mediaType?.startsWith('text/') === true) {
    content.texts.push(Buffer.from(source.data, 'base64').toString('utf8'))
  } else if (source.type === 'parts') for (const inner of source.parts) addPart(inner, content)
  else content.files.push(part)
}

const addTool = (tool: ToolDefinition, content: Growing<PromptContent>): void => {
  // A provider's own tool is a few words here, and pages that nobody sees there.
  if (tool.type === 'server') return
  if (tool.type !== 'namespace') content.definitions.push(tool)
  switch (tool.type) {
    case 'function':
      content.tools.push(definition(tool.name, tool.description, tool.parameters))
      break
    case 'custom':
      content.tools.push(definition(tool.name, tool.description, tool.format))
      break
    case 'namespace':
      for (const inner of tool.tools) addTool(inner, content)
      break
  }
}

const definition = (name: string, description: string | undefined, schema: string | undefined): string => {
  const said = description === undefined ? '' : `,"description":${JSON.stringify(description)}`
  return `{"name":${JSON.stringify(name)}${said}${schema === undefined ? '' : `,"parameters":${schema}`}}`
}
