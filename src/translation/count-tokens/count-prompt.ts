import type { DocumentPart, GenerateRequest, MediaSource } from '../../ir/index.ts'
import { imageSize } from './image-size.ts'
import { type PromptContent, promptContent } from './prompt-content.ts'
import { renderTools } from './render-tools.ts'
import type { TokenProfile } from './token-profile.ts'
import type { CountText } from './tokenizer.ts'

/** A prompt in the pieces that its model's family counts. */
export interface ReadPrompt {
  readonly profile: TokenProfile
  readonly content: PromptContent
  /** Every text that has to be counted. */
  readonly texts: readonly string[]
  readonly tools: readonly string[]
  readonly schema: string | undefined
  readonly serverTools: number
}

export const readPrompt = (request: GenerateRequest, profile: TokenProfile): ReadPrompt => {
  const content = promptContent(request, profile)
  const tools =
    content.tools.length > 0 && profile.toolsAs === 'typescript'
      ? [renderTools(content.definitions)]
      : content.tools
  const schema = profile.readsSchema ? request.output?.schema : undefined
  return {
    profile,
    content,
    tools,
    schema,
    texts: [...content.texts, ...tools, ...(schema === undefined ? [] : [schema])],
    serverTools: request.tools.reduce(
      (sum, tool) => sum + (tool.type === 'server' ? (profile.serverTools[tool.tool] ?? 0) : 0),
      0,
    ),
  }
}

/**
 * Tokens of a prompt as a family of models counts them.
 * @param countText tokens of a text in OpenAI's alphabet, counted or estimated
 */
export const countPrompt = (prompt: ReadPrompt, countText: CountText): number => {
  const { profile, content } = prompt
  const words = (texts: readonly string[]): number =>
    texts.reduce((sum, text) => sum + countText(text), 0) * profile.textScale
  const hasTools = content.tools.length > 0
  return Math.ceil(
    profile.perRequest +
      content.messages * profile.perMessage +
      (content.calls + content.results) * (profile.perCall / 2) +
      content.signedCalls * profile.perSignature +
      content.sealed / sealedCharacters +
      words(content.texts) +
      words(prompt.tools) +
      (hasTools ? profile.anyTools + content.tools.length * profile.perTool : 0) +
      prompt.serverTools +
      (prompt.schema === undefined ? 0 : profile.anySchema + words([prompt.schema])) +
      mediaTokens(content, profile),
  )
}

/** Characters of a sealed history for each token that it stands for, as recorded. */
const sealedCharacters = 10

const mediaTokens = (content: PromptContent, profile: TokenProfile): number => {
  let tokens = content.documents * profile.perDocument
  if (content.wantsCitations) tokens += profile.anyCitations
  for (const { source, detail } of content.images) {
    tokens += profile.image(source.type === 'base64' ? imageSize(source.data) : undefined, detail)
  }
  for (const file of content.files) tokens += pagesOf(file) * profile.pdfPage
  for (const { source } of content.sounds) tokens += secondsOf(source, 16_000) * profile.audioSecond
  for (const { source } of content.videos) tokens += secondsOf(source, 250_000) * profile.videoSecond
  return tokens
}

/** What a file whose bytes are not here is taken for. */
const usualPages = 1
const usualSeconds = 10

/** Pages by their marks in the file; compressed files show none, and are judged by their size. */
const pagesOf = ({ source }: DocumentPart): number => {
  if (source.type !== 'base64') return usualPages
  const bytes = Buffer.from(source.data, 'base64')
  let pages = 0
  for (let at = bytes.indexOf('/Type'); at >= 0; at = bytes.indexOf('/Type', at + 5)) {
    const word = bytes.toString('latin1', at + 5, at + 13).trimStart()
    if (word.startsWith('/Page') && !word.startsWith('/Pages')) pages++
  }
  return pages > 0 ? pages : Math.max(1, Math.ceil(bytes.length / 60_000))
}

const secondsOf = (source: MediaSource, bytesPerSecond: number): number =>
  source.type === 'base64' ? Math.max(1, (source.data.length * 0.75) / bytesPerSecond) : usualSeconds
