/** Media inside a URL. Only the plain base64 form is taken apart; the data is never re-encoded. */
export interface DataUrl {
  readonly mediaType: string
  readonly data: string
}

/** Undefined for every other URL, also for data URLs with parameters: those stay whole. */
export const parseDataUrl = (url: string): DataUrl | undefined => {
  if (!url.startsWith('data:')) return undefined
  const comma = url.indexOf(',')
  if (comma < 0 || comma > 120) return undefined
  const mediaType = /^data:([\w.+-]+\/[\w.+-]+);base64$/.exec(url.slice(0, comma))?.[1]
  return mediaType === undefined ? undefined : { mediaType, data: url.slice(comma + 1) }
}

export const formatDataUrl = ({ mediaType, data }: DataUrl): string => `data:${mediaType};base64,${data}`
