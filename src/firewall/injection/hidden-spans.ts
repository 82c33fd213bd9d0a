/** A part of a text that a reader of the rendered page does not see. */
export interface HiddenSpan {
  readonly how: 'html-comment' | 'hidden-element' | 'markdown-comment'
  readonly start: number
  readonly end: number
}

const most = 64
const longest = 8192

/**
 * Parts that rendering hides: HTML comments, elements styled away, link definitions used as Markdown comments. At
 * most 64 spans of 8 KiB, in order of their start.
 */
export const hiddenSpans = (text: string): readonly HiddenSpan[] => {
  const spans: HiddenSpan[] = []
  collect(text, '<!--', '-->', 'html-comment', spans)
  collectMarkdown(text, spans)
  if (text.includes('<')) collectStyled(text, spans)
  return spans.sort((left, right) => left.start - right.start)
}

const collect = (
  text: string,
  open: string,
  close: string,
  how: HiddenSpan['how'],
  spans: HiddenSpan[],
): void => {
  let start = text.indexOf(open)
  while (start >= 0 && spans.length < most) {
    const found = text.indexOf(close, start + open.length)
    const end = found < 0 ? text.length : found
    spans.push({ how, start: start + open.length, end: Math.min(end, start + longest) })
    if (found < 0) return
    start = text.indexOf(open, end)
  }
}

/** Last letters of the labels below. */
const labelEnds: ReadonlySet<number> = new Set([...'/t_en'].map((character) => character.charCodeAt(0)))

/** `[//]: # (text)`, `[comment]: <> (text)` and the like: definitions that nothing links to. */
const collectMarkdown = (text: string, spans: HiddenSpan[]): void => {
  let at = text.indexOf(']: ')
  while (at >= 0 && spans.length < most * 2) {
    if (!labelEnds.has(text.charCodeAt(at - 1))) {
      at = text.indexOf(']: ', at + 3)
      continue
    }
    const before = text.slice(Math.max(0, at - 16), at)
    const label = before
      .slice(before.lastIndexOf('\n') + 1)
      .trim()
      .toLowerCase()
    if (
      label === '[//' ||
      label === '[comment' ||
      label === '[_' ||
      label === '[note' ||
      label === '[hidden'
    ) {
      const stop = text.indexOf('\n', at)
      const end = stop < 0 ? text.length : stop
      spans.push({ how: 'markdown-comment', start: at + 3, end: Math.min(end, at + longest) })
    }
    at = text.indexOf(']: ', at + 3)
  }
}

const concealing =
  /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d]*[1-9])|color\s*:\s*(?:white|transparent|#fff(?:fff)?)\b|left\s*:\s*-\d{3,}|(?:^|\s)hidden(?:[\s=>/]|$)|aria-hidden\s*=\s*["']?true/i

/** Elements whose opening tag (512 characters at most are read) conceals them, up to the first closing tag of that name. */
const collectStyled = (text: string, spans: HiddenSpan[]): void => {
  let at = text.indexOf('<')
  let close = -1
  while (at >= 0 && spans.length < most * 3) {
    if (close < at) close = text.indexOf('>', at)
    if (close < 0) return
    const code = text.charCodeAt(at + 1) | 32
    if (code >= 0x61 && code <= 0x7a && close > at + 8 && close < at + 512) {
      const tag = text.slice(at + 1, close)
      if (/[:=]|hidden/.test(tag) && concealing.test(tag)) {
        const name = /^[a-z][a-z0-9-]*/i.exec(tag)?.[0] ?? ''
        const inside = text.slice(close + 1, close + 1 + longest)
        const stop = inside.indexOf(`</${name}`)
        const end = close + 1 + (stop < 0 ? inside.length : stop)
        spans.push({ how: 'hidden-element', start: close + 1, end })
        at = text.indexOf('<', end)
        continue
      }
    }
    at = text.indexOf('<', at + 1)
  }
}
