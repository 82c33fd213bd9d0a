/** Media inside a URL. The data is never re-encoded. */
export interface DataUrl {
  /** Absent where the URL names none; without parameters. */
  readonly mediaType?: string
  readonly data: string
}

/** Undefined for every other URL, also for data that is not base64: those stay whole. */
export const parseDataUrl = (url: string): DataUrl | undefined => {
  if (!url.startsWith('data:')) return undefined
  const comma = url.indexOf(',')
  if (comma < 0 || comma > longestHead) return undefined
  const [mediaType = '', ...parameters] = url.slice('data:'.length, comma).split(';')
  if (parameters.at(-1)?.trim().toLowerCase() !== 'base64') return undefined
  const data = url.slice(comma + 1)
  return mediaType === '' ? { data } : { mediaType, data }
}

const longestHead = 120

export const formatDataUrl = ({ mediaType = '', data }: DataUrl): string => `data:${mediaType};base64,${data}`
