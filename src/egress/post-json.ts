import { type CallerOptions, type CallFault, type CallOptions, createCaller } from './call-json.ts'

export type PostOptions = Required<Pick<CallOptions, 'headers' | 'timeoutMs'>> & Pick<CallOptions, 'signal'>

/** What became of a call: the status of the answer, or why there is none. Its body is not read. */
export type PostResult = { readonly status: number } | { readonly fault: CallFault }

export type PostJson = (url: string, body: string, options: PostOptions) => Promise<PostResult>

/** Sends JSON to an address; see `createCaller`. Never throws. */
export const createPoster = (options: CallerOptions): PostJson => {
  const call = createCaller(options)
  return (url, body, rest) =>
    call<PostResult>(url, { ...rest, method: 'POST', body }, async ({ statusCode }) => ({
      status: statusCode ?? 0,
    }))
}
