import { isJsonObject, type JsonObject, type ServerResultPart } from '../../ir/index.ts'
import { parsedJson, textMember } from './json-source.ts'

/** Results of provider tools as each vendor says them, read into what all of them share. */

export interface FoundPage {
  readonly url: string
  readonly title?: string
}

/** Anthropic's results, OpenAI's sources and Gemini's chunks are all lists of objects with an address. */
export const foundPages = (result: ServerResultPart | undefined): readonly FoundPage[] =>
  listOf(result).flatMap((item) => {
    const url = textMember(item, 'url')
    const title = textMember(item, 'title')
    return url === undefined ? [] : [{ url, ...(title === undefined ? {} : { title }) }]
  })

export interface CodeOutcome {
  readonly stdout: string
  readonly stderr: string
  readonly failed: boolean
  /** The time ran out. */
  readonly isLate: boolean
}

/** Anthropic's result object, or the logs of the others. */
export const codeOutcome = (result: ServerResultPart | undefined): CodeOutcome => {
  const value = result === undefined ? undefined : parsedJson(result.output)
  const failed = result?.isError === true
  if (isJsonObject(value)) {
    const code = value['return_code']
    return {
      stdout: textMember(value, 'stdout') ?? '',
      stderr: textMember(value, 'stderr') ?? '',
      failed: failed || (typeof code === 'number' && code !== 0),
      isLate: value['error_code'] === 'execution_time_exceeded',
    }
  }
  const logs = listOf(result).map((item) => textMember(item, 'logs') ?? '')
  return { stdout: logs.join(''), stderr: '', failed, isLate: false }
}

/** A tool's answer as text: a string, content blocks that are text, or whatever JSON it is. */
export const answerText = (result: ServerResultPart | undefined): string => {
  if (result === undefined) return ''
  const value = parsedJson(result.output)
  if (typeof value === 'string') return value
  if (value === null) return ''
  const blocks = isJsonObject(value) && Array.isArray(value['content']) ? value['content'] : value
  const texts = Array.isArray(blocks)
    ? blocks.map((block) => (isJsonObject(block) ? textMember(block, 'text') : undefined))
    : [undefined]
  return texts.every((text) => text !== undefined) ? texts.join('\n') : result.output
}

const listOf = (result: ServerResultPart | undefined): readonly JsonObject[] => {
  const value = result === undefined ? undefined : parsedJson(result.output)
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
