/** Names a sealed credential in the configuration: `vault:<provider>/<label>`. */
export interface VaultReference {
  readonly provider: string
  readonly label: string
}

const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

export const isCredentialName = (text: string): boolean => name.test(text)

export const formatVaultReference = ({ provider, label }: VaultReference): string =>
  `vault:${provider}/${label}`

/** Undefined when the text is no such reference, and so a secret or anything else. */
export const parseVaultReference = (text: string): VaultReference | undefined => {
  if (!text.startsWith('vault:')) return undefined
  const [provider = '', label = '', ...rest] = text.slice('vault:'.length).split('/')
  return rest.length === 0 && isCredentialName(provider) && isCredentialName(label)
    ? { provider, label }
    : undefined
}
