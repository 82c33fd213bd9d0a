import type { GatewayError } from '../../errors.ts'
import type { JsonScan, Splice } from '../../wire/index.ts'

/**
 * The edit that makes a streamed answer carry its usage; undefined when the client asked for it itself.
 * @param wrongType builds the error for `stream_options` that is no object
 */
export const askForUsage = (
  scan: JsonScan,
  wrongType: (param: string, expected: string, found: string) => GatewayError,
): Splice | undefined => {
  const options = scan.top.get('stream_options')
  if (options === undefined) {
    const end = scan.text.lastIndexOf('}')
    return { start: end, end, text: ',"stream_options":{"include_usage":true}' }
  }
  const source = scan.text.slice(options.start, options.end)
  if (source === 'null') return { ...options, text: '{"include_usage":true}' }
  if (!source.startsWith('{'))
    throw wrongType('stream_options', 'an object', source[0] === '"' ? 'string' : 'value')
  const member = scan.watched.findLast(
    ({ key, depth, start, end }) =>
      key === 'include_usage' && depth === 2 && start >= options.start && end <= options.end,
  )
  if (member === undefined) {
    const inside = options.start + 1
    const isEmpty = /^\{\s*\}$/.test(source)
    return { start: inside, end: inside, text: `"include_usage":true${isEmpty ? '' : ','}` }
  }
  if (scan.text.slice(member.start, member.end) === 'true') return undefined
  return { start: member.start, end: member.end, text: 'true' }
}
