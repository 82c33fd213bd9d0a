/** Every string of a JSON text with its place, found without any of the product's own readers. */

export type JsonPath = readonly (string | number)[]

export interface JsonString {
  readonly path: JsonPath
  readonly value: string
  /** Bytes of the literal, quotes included. */
  readonly start: number
  readonly end: number
}

export const jsonStrings = (body: Uint8Array): readonly JsonString[] => {
  const text = Buffer.from(body).toString('latin1')
  const found: JsonString[] = []
  let at = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0
  const blank = (): void => {
    while (/\s/.test(text[at] ?? '')) at += 1
  }
  const literal = (): { readonly value: string; readonly start: number } => {
    const start = at
    for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1
    at += 1
    return { value: JSON.parse(Buffer.from(text.slice(start, at), 'latin1').toString('utf8')), start }
  }
  const members = (path: JsonPath, close: string): void => {
    at += 1
    for (let index = 0; ; index += 1) {
      blank()
      if (text[at] === close) break
      if (text[at] === ',') {
        at += 1
        blank()
      }
      if (close === ']') value([...path, index])
      else {
        const { value: key } = literal()
        blank()
        at += 1
        value([...path, key])
      }
    }
    at += 1
  }
  const value = (path: JsonPath): void => {
    blank()
    if (text[at] === '{') members(path, '}')
    else if (text[at] === '[') members(path, ']')
    else if (text[at] === '"') {
      const { value: said, start } = literal()
      found.push({ path, value: said, start, end: at })
    } else while (at < text.length && !/[,\]}\s]/.test(text[at] ?? '')) at += 1
  }
  value([])
  return found
}

/** `messages[].content[].text` */
export const memberName = (path: JsonPath): string =>
  path.reduce<string>(
    (name, step) => (typeof step === 'number' ? `${name}[]` : name === '' ? step : `${name}.${step}`),
    '',
  )
