/** A number as the file spells it: no digit of it went through a float. */
export class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export interface Shifted {
  readonly value: bigint
  /** False: digits behind the last whole one were rounded half up. */
  readonly exact: boolean
}

/**
 * A decimal number times a power of ten, as an integer: `3e-06` by 15 is 3,000,000,000. Undefined for what is no
 * decimal number, is negative, or has more digits than any price.
 */
export const shifted = (text: string, places: number): Shifted | undefined => {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d{1,40})(?:\.(\d{1,80}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text) ?? []
  if (whole === '') return undefined
  const digits = BigInt(whole + fraction)
  if (sign === '-' && digits !== 0n) return undefined
  const power = Number(exponent) - fraction.length + places
  if (power >= 0) return power > 60 ? undefined : { value: digits * 10n ** BigInt(power), exact: true }
  const unit = 10n ** BigInt(-power)
  return { value: (digits + unit / 2n) / unit, exact: digits % unit === 0n }
}
