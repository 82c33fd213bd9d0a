/**
 * A multiplier as an exact decimal with up to six places, in millionths: `0.5` is 500,000. Undefined for anything
 * else, such as a negative number, more places, or one of a thousand and more.
 */
export const readMillionths = (text: string | number): bigint | undefined => {
  const [, whole, fraction = ''] = /^(\d{1,3})(?:\.(\d{1,6}))?$/.exec(String(text)) ?? []
  return whole === undefined ? undefined : BigInt(whole + fraction.padEnd(6, '0'))
}
