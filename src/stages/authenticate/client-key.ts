/**
 * The key that a client presents, wherever its SDK puts it. `x-api-key` wins over `Authorization`, as at Anthropic;
 * `?key=` counts for Gemini only and is never logged.
 * Sources: clients.md §6, translation.md §2.
 */
export const clientKey = (headers: Headers, query: URLSearchParams, protocol: string): string | undefined => {
  const named = headers.get('x-api-key') ?? headers.get('x-goog-api-key') ?? headers.get('api-key')
  if (named !== null && named !== '') return named.trim()
  const authorization = headers.get('authorization')
  if (authorization !== null && /^bearer /i.test(authorization)) return authorization.slice(7).trim()
  if (protocol === 'gemini') return query.get('key') ?? undefined
  return undefined
}
