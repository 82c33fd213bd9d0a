import { GatewayError } from '../../errors.ts'

/**
 * An amount as a provider writes it (`0.06`, `"123.45678"`, `1.2e-7`, `-3`), in nano-USD, rounded half up. `shift` is
 * by how many digits its unit is smaller than a dollar: 2 for cents. No float touches it. Absent is 0.
 */
export const nanoUsd = (value: unknown, shift: number): bigint => {
  if (value === null || value === undefined || value === '') return 0n
  const text = String(value).trim()
  const [, sign = '', whole, fraction = '', exponent = '0'] =
    /^([-+]?)(\d{1,30})(?:\.(\d{1,60}))?(?:[eE]([-+]?\d{1,3}))?$/.exec(text) ?? []
  if (whole === undefined)
    throw new GatewayError('gateway_request_invalid', `"${text.slice(0, 30)}" is not an amount of money`)
  const places = fraction.length - Number(exponent) + shift - 9
  const digits = BigInt(whole + fraction)
  const size =
    places <= 0
      ? digits * 10n ** BigInt(-places)
      : (digits * 2n + 10n ** BigInt(places)) / (2n * 10n ** BigInt(places))
  return sign === '-' ? -size : size
}
