/**
 * Moves the point of a decimal to the right, exactly: `1.5e-07` by 6 is `0.15`. Undefined for what is no decimal, or
 * has more digits than any price.
 */
export const shiftDecimal = (text: string, places: number): string | undefined => {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^\+?(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d{1,3}))?$/.exec(text.trim()) ?? []
  const digits = whole + fraction
  if (digits === '' || digits.length > 100) return undefined
  const point = whole.length + Number(exponent) + places
  const padded = digits.padStart(Math.max(digits.length, digits.length - point + 1), '0')
  const at = point + padded.length - digits.length
  const full = padded.padEnd(at, '0')
  const integer = full.slice(0, at).replace(/^0+(?=\d)/, '')
  const rest = full.slice(at).replace(/0+$/, '')
  return rest === '' ? integer : `${integer}.${rest}`
}
