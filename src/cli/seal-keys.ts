import { formatVaultReference, parseVaultReference } from '../accounts/index.ts'
import type { SettingPath } from '../config/index.ts'
import { GatewayError } from '../errors.ts'
import { noKey } from '../providers/index.ts'

/** A provider's key that stays out of the file. */
export interface KeyToSeal {
  readonly provider: string
  readonly label: string
  readonly secret: string
}

export interface SealedValue {
  /** What goes into the file: names of the vault in place of the keys. */
  readonly value: unknown
  readonly keys: readonly KeyToSeal[]
}

/** Takes the providers' keys out of a value for `path`, however deep in it they stand. */
export const takeOutKeys = (path: SettingPath, value: unknown): SealedValue => {
  const keys: KeyToSeal[] = []
  const visit = (at: SettingPath, current: unknown): unknown => {
    const place = keyPlace(at)
    const text = typeof current === 'number' ? String(current) : current
    if (place !== undefined && typeof text === 'string') {
      if (staysInFile(text)) return text
      if (text.includes('${')) {
        throw new GatewayError(
          'gateway_request_invalid',
          `a key is given as it is, or as one variable and nothing else: \${NAME}`,
        )
      }
      keys.push({ ...place, secret: text })
      return formatVaultReference(place)
    }
    if (Array.isArray(current)) return current.map((item: unknown, index) => visit([...at, index], item))
    if (typeof current !== 'object' || current === null) return current
    return Object.fromEntries(
      Object.entries(current).map(([key, child]) => [key, visit([...at, key], child)]),
    )
  }
  return { value: visit(path, value), keys }
}

/** `providers.X.api_key` and `providers.X.api_keys[n]`, with the label that such a key has in the vault. */
export const keyPlace = (
  path: SettingPath,
): { readonly provider: string; readonly label: string } | undefined => {
  const [section, provider, field, index, ...rest] = path
  if (section !== 'providers' || typeof provider !== 'string' || rest.length > 0) return undefined
  if (field === 'api_key' && index === undefined) return { provider, label: 'default' }
  return field === 'api_keys' && typeof index === 'number'
    ? { provider, label: `key-${index + 1}` }
    : undefined
}

/** `none`, a name of the vault, and a variable reveal nothing. */
const staysInFile = (text: string): boolean =>
  text === '' ||
  text === noKey ||
  parseVaultReference(text) !== undefined ||
  /^\$\{[A-Za-z_]\w*\}$/.test(text)
