/** The inside of a fenced block, from the line behind the opening fence to the closing one. UTF-16 code units. */
export interface FencedBlock {
  /** The one word behind the fence. */
  readonly tag: string
  readonly start: number
  readonly end: number
}

/**
 * The fenced blocks of a Markdown text whose fences stand at the margin and name a language and nothing but a file
 * beside it. What is indented, quoted, or never closed is none. Linear.
 */
export const fencedBlocks = (text: string): readonly FencedBlock[] => {
  const blocks: FencedBlock[] = []
  let open: { readonly fence: string; readonly tag: string | undefined; readonly start: number } | undefined
  for (let line = 0; line < text.length; ) {
    const newline = text.indexOf('\n', line)
    const next = newline < 0 ? text.length : newline + 1
    const unit = text.charCodeAt(line)
    // Anything that Markdown takes for a fence opens and closes, so that nothing inside of it is taken for one.
    if (unit === 0x60 || unit === 0x7e || unit === 0x20) {
      const end = newline < 0 ? text.length : newline
      if (open === undefined) open = opening(text.slice(line, end), next)
      else if (closes(text.slice(line, end), open.fence)) {
        if (open.tag !== undefined) blocks.push({ tag: open.tag, start: open.start, end: line })
        open = undefined
      }
    }
    line = next
  }
  return blocks
}

const opening = (line: string, start: number) => {
  const [whole = '', indent = '', fence] = /^( {0,3})(`{3,}|~{3,})/.exec(line) ?? []
  if (fence === undefined) return undefined
  const info = line.slice(whole.length).trim()
  if (fence.startsWith('`') && info.includes('`')) return undefined
  return { fence, tag: indent === '' ? named.exec(info)?.[1] : undefined, start }
}

/** `ts`, `ts src/main.ts`, `ts title="main.ts"`; anything else may count the lines of the block. */
const named = /^([\w+#-]{1,20})(?:[ \t]+(?:(?:title|file|filename|path)=)?"?[\w./@-]*\.[A-Za-z]\w*"?)?$/

const closes = (line: string, fence: string): boolean =>
  /^ {0,3}(`{3,}|~{3,})\s*$/.exec(line)?.[1]?.startsWith(fence) ?? false
