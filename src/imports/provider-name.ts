/**
 * A name for a provider: lower-case letters, digits, `.`, `_` and `-`, and none of `taken`, to which it is added.
 * `My vLLM` is `my-vllm`, a second one `my-vllm-2`.
 */
export const providerName = (wish: string, taken: Set<string>): string => {
  const plain = wish
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/-{2,}/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 56)
  const base = plain === '' || paths.has(plain) ? `provider${plain === '' ? '' : `-${plain}`}` : plain
  let name = base
  for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`
  taken.add(name)
  return name
}

/** Paths of our own at which a provider of that name could not be reached. */
const paths = new Set(['v1', 'v1beta', 'api', 'livez', 'readyz', 'health', 'metrics', 'gemini', 'assets'])
