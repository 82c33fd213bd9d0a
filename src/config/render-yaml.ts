/** Writes values as YAML text: what is inserted into a file that people keep. */

/** On one line, right both in block and in flow style. */
export const renderInline = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(renderInline).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, child]) => `${renderKey(key)}: ${renderInline(child)}`)
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
  }
  return typeof value === 'string' ? renderText(value) : String(value)
}

/** `key: value`, with a section as indented lines below it. */
export const renderPair = (key: string, value: unknown, indent: string, eol: string): string => {
  const start = `${indent}${renderKey(key)}:`
  const pairs = pairsOf(value)
  if (pairs === undefined) return `${start} ${renderValue(value)}`
  return [start, ...pairs.map(([name, child]) => renderPair(name, child, `${indent}  `, eol))].join(eol)
}

/** In block style a reference needs no quotes. */
export const renderValue = (value: unknown): string =>
  typeof value === 'string' && /^\$\{[A-Za-z_]\w*\}$/.test(value) ? value : renderInline(value)

export const renderKey = (key: string): string => renderText(key)

const renderText = (text: string): string => (isPlain(text) ? text : JSON.stringify(text))

/** Only what no YAML parser takes for anything but a text. */
const isPlain = (text: string): boolean =>
  /^[A-Za-z_/][\w./@-]*(?::[\w./@-]+)*$/.test(text) && !/^(?:true|false|null|y|yes|n|no)$/i.test(text)

const pairsOf = (value: unknown): readonly (readonly [string, unknown])[] | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const pairs = Object.entries(value)
  return pairs.length === 0 ? undefined : pairs
}
