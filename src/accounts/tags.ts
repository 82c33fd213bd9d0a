import { GatewayError } from '../errors.ts'

/** Most tags of a key, and most that one request may name. */
export const mostTags = 16

const longestHeader = 2_000

/** The header in which a request names its tags, comma-separated. */
export const tagsHeader = 'x-tollgate-tags'

/** What a tag looks like: it becomes part of budgets' names, of rows and of headers. */
export const isTag = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$/.test(text)

export const tagRule = 'a tag is 1 to 64 letters, digits and . _ : / @ -, and begins with a letter or digit'

/** Reads the header; the order is kept, repeats and empty places are left out. Throws `gateway_request_invalid`. */
export const parseTags = (header: string | null): readonly string[] => {
  if (header === null) return []
  if (header.length > longestHeader) throw invalid(`${tagsHeader} is longer than ${longestHeader} characters`)
  const tags = [...new Set(header.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== '')
  if (tags.length > mostTags) throw invalid(`${tagsHeader} names more than ${mostTags} tags`)
  if (!tags.every(isTag)) throw invalid(`${tagsHeader}: ${tagRule}`)
  return tags
}

const invalid = (message: string): GatewayError =>
  new GatewayError('gateway_request_invalid', message, { param: tagsHeader })
