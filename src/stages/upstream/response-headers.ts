import { connectionNames, mayGoBack } from '../../wire/index.ts'

/** The provider's headers as the client may see them. Lengths are set anew by the server. */
export const responseHeaders = (upstream: Headers): Headers => {
  const headers = new Headers()
  const connection = upstream.get('connection')
  const dropped = connection === null ? undefined : connectionNames(connection)
  for (const [name, value] of upstream) {
    if (name !== 'content-length' && mayGoBack(name) && dropped?.has(name) !== true)
      headers.append(name, value)
  }
  return headers
}
