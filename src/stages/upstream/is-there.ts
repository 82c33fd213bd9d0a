import { connect } from 'node:net'

/**
 * Does anything answer a TCP connection to the URL's host and port within `limit` milliseconds? A refusal is an answer:
 * whoever waits to be connected hears of it by himself, and who has been connected is still served by a provider that
 * closed its port in order to stop. Behind a proxy it is assumed.
 */
export const isThere = (url: URL, limit: number): Promise<boolean> => {
  const proxied =
    process.env['HTTPS_PROXY'] ??
    process.env['https_proxy'] ??
    process.env['HTTP_PROXY'] ??
    process.env['http_proxy']
  if (proxied !== undefined && proxied !== '') return Promise.resolve(true)
  return new Promise((resolve) => {
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port })
    const done = (answered: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answered)
    }
    const timer = setTimeout(() => done(false), limit)
    socket.once('connect', () => done(true))
    socket.once('error', () => done(true))
  })
}
