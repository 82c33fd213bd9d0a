import { createHmac } from 'node:crypto'

export const signatureHeader = 'x-tollgate-signature'

/**
 * What proves a webhook: `t=<seconds since 1970>,v1=<hex>`, an HMAC-SHA256 over time and body. The time is signed too,
 * so that a receiver can refuse what is replayed later.
 * @param at milliseconds since 1970
 */
export const signatureOf = (secret: string, body: string, at: number): string => {
  const seconds = Math.floor(at / 1000)
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
  return `t=${seconds},v1=${digest}`
}
