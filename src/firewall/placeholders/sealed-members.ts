/** Members that hold state, which must come back as it was. */
export const sealedMembers: ReadonlySet<string> = new Set([
  'signature',
  'thoughtSignature',
  'thought_signature',
  'encrypted_content',
])
