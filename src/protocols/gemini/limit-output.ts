import { type JsonScan, memberSplice, type Splice } from '../../wire/index.ts'

/** The limit stands among the settings, in either spelling. */
export const limitOutput = (scan: JsonScan, limit: number): Splice => {
  const settings = scan.top.get('generationConfig') ?? scan.top.get('generation_config')
  if (settings === undefined) return memberSplice(scan, 'generationConfig', `{"maxOutputTokens":${limit}}`)
  const known = scan.watched.findLast(
    ({ key, depth, start, end }) =>
      (key === 'maxOutputTokens' || key === 'max_output_tokens') &&
      depth === 2 &&
      start >= settings.start &&
      end <= settings.end,
  )
  if (known !== undefined) return { start: known.start, end: known.end, text: String(limit) }
  const source = scan.text.slice(settings.start, settings.end)
  if (!source.startsWith('{')) return { ...settings, text: `{"maxOutputTokens":${limit}}` }
  const inside = settings.start + 1
  const isEmpty = /^\{\s*\}$/.test(source)
  return { start: inside, end: inside, text: `"maxOutputTokens":${limit}${isEmpty ? '' : ','}` }
}
