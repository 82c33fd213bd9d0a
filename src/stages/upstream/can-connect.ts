import { connect } from 'node:net'

/** Does a TCP connection to the URL's host and port come about within `limit` milliseconds? A proxy in between: assumed. */
export const canConnect = (url: URL, limit: number): Promise<boolean> => {
  const proxied =
    process.env['HTTPS_PROXY'] ??
    process.env['https_proxy'] ??
    process.env['HTTP_PROXY'] ??
    process.env['http_proxy']
  if (proxied !== undefined && proxied !== '') return Promise.resolve(true)
  return new Promise((resolve) => {
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port })
    const done = (connected: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(connected)
    }
    const timer = setTimeout(() => done(false), limit)
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}
