import type { JsonObject, ProtocolId, ServerToolDefinition } from '../../ir/index.ts'
import { absent, definition, type HostedTool, mapped, refused } from './hosted-tool.ts'
import { memberOf, objectOf, textsMember } from './json-source.ts'

/** What restricts the pages that Anthropic's tool opens; the others know nothing of the kind. */
const restrictionOf = (config: JsonObject): string | undefined => {
  const lists = ['allowed_domains', 'blocked_domains'].find((key) => textsMember(config, key) !== undefined)
  return lists ?? ['max_uses', 'url_sources'].find((key) => (memberOf(config, key) ?? null) !== null)
}

export const fetchProtects = ({ config }: ServerToolDefinition): boolean =>
  restrictionOf(objectOf(config)) !== undefined

/**
 * Opened pages: a tool of its own at Anthropic and Gemini, part of the search at OpenAI (translation.md §5.5, WS11).
 * @param isSearched the request offers a search as well
 */
export const webFetchFor = (tool: ServerToolDefinition, to: ProtocolId, isSearched: boolean): HostedTool => {
  const config = objectOf(tool.config)
  const restriction = restrictionOf(config)
  if (restriction !== undefined)
    return refused('the target cannot restrict the pages that it opens so', restriction)
  switch (to) {
    case 'anthropic-messages':
      return mapped([
        definition(
          'web-fetch',
          'web_fetch_20250910',
          { type: 'web_fetch_20250910', name: 'web_fetch' },
          'web_fetch',
        ),
      ])
    case 'gemini': {
      const losses = ['max_content_tokens', 'use_cache']
        .filter((member) => (memberOf(config, member) ?? null) !== null)
        .map((member) => ({ member, reason: 'no counterpart' }))
      return mapped([definition('web-fetch', 'urlContext', {})], losses)
    }
    default:
      return absent(isSearched ? 'its search opens pages itself' : 'it opens pages only as part of a search')
  }
}
