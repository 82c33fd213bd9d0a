import { createHash } from 'node:crypto'
import { writeJson } from '../../wire/index.ts'
import { fitsType, prefixOf } from './ids.ts'
import type { Written } from './patch.ts'
import type { HostedGroup } from './rebuild-hosted.ts'

/**
 * A hosted item of the history. These must have ids of their type; one of another protocol gets a stand-in that is the
 * same in every later request.
 */
export const historyItem = (item: Written, { call, image, result }: HostedGroup): Written => {
  const type = String(item['type'])
  const { id } = item
  if (!needsId.has(type) || (typeof id === 'string' && id.length <= 64 && fitsType(id, type))) return item
  const source = call?.id ?? result?.callId ?? writeJson({ ...item, image: image?.source })
  const digest = createHash('sha256').update(source).digest('hex').slice(0, 32)
  return { ...item, id: `${prefixOf(type)}_${digest}` }
}

/** The others go without. */
const needsId: ReadonlySet<string> = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_call',
  'mcp_list_tools',
  'local_shell_call',
])
