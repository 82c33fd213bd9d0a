/** `files/ID` when the URI points at the Gemini Files API, whose files belong to the credential; else undefined. */
export const uploadedFile = (uri: string): string | undefined => {
  const trimmed = uri.trim()
  if (/^files\/[^/]+$/.test(trimmed)) return trimmed
  if (!URL.canParse(trimmed)) return undefined
  const url = new URL(trimmed)
  const host = url.hostname.replace(/\.$/, '')
  if (host !== 'generativelanguage.googleapis.com' && !host.endsWith('.generativelanguage.googleapis.com')) {
    return undefined
  }
  const path = decodePath(url.pathname)
  return /\/(files\/[^/:?]+)/.exec(path)?.[1] ?? path
}

const decodePath = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
