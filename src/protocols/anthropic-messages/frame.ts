import { type SseFrame, writeJson } from '../../wire/index.ts'

/**
 * One event, named as its data. Source text may hold line breaks between tokens; inside strings JSON escapes them, so
 * that they can go, and the data stays one line.
 */
export const frameOf = (data: { readonly type: string; readonly [key: string]: unknown }): SseFrame => {
  const text = writeJson(data)
  const isOneLine = !text.includes('\n') && !text.includes('\r')
  return { event: data.type, data: isOneLine ? text : text.replace(/[\r\n]\s*/g, '') }
}
