/** Shannon entropy of the characters, in bits each: 0 for `aaaa`, 4 at most for hexadecimal, about 5 for a random key. */
export const entropy = (text: string): number => {
  const counts = new Map<number, number>()
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
