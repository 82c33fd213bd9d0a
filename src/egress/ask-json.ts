import type { IncomingMessage } from 'node:http'
import { type CallerOptions, type CallFault, type CallOptions, createCaller } from './call-json.ts'

export interface AskOptions extends CallOptions {
  /** A longer answer is none. */
  readonly maximumBytes: number
}

/** The answer of a service, whatever its status, or why there is none. */
export type AskResult =
  | { readonly status: number; readonly text: string }
  | { readonly fault: CallFault | 'too-large' }

export type AskJson = (url: string, options: AskOptions) => Promise<AskResult>

/** Asks a service and reads its answer; see `createCaller`. Never throws. */
export const createAsker = (options: CallerOptions): AskJson => {
  const call = createCaller(options)
  return (url, { maximumBytes, headers, ...rest }) =>
    call<AskResult>(url, { ...rest, headers: { accept: 'application/json', ...headers } }, async (answer) => {
      const text = await read(answer, maximumBytes)
      return text === undefined ? { fault: 'too-large' } : { status: answer.statusCode ?? 0, text }
    })
}

const read = async (answer: IncomingMessage, maximum: number): Promise<string | undefined> => {
  if (Number(answer.headers['content-length'] ?? 0) > maximum) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer) {
    const bytes = chunk instanceof Uint8Array ? chunk : new TextEncoder().encode(String(chunk))
    length += bytes.byteLength
    if (length > maximum) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, length).toString('utf8')
}
