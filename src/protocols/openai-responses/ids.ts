import { createHash } from 'node:crypto'

/** Item ids begin with a word for their type; OpenAI checks it when the item comes back (translation.md §1.6). */
const prefixes: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
  web_search_call: 'ws',
  file_search_call: 'fs',
  code_interpreter_call: 'ci',
  image_generation_call: 'ig',
  mcp_call: 'mcp',
  mcp_list_tools: 'mcpl',
  program: 'prog',
  program_output: 'prgo',
  computer_call: 'cu',
  computer_call_output: 'cuo',
  local_shell_call: 'lsh',
  local_shell_call_output: 'lsho',
  shell_call: 'sh',
  shell_call_output: 'sho',
  apply_patch_call: 'apc',
  apply_patch_call_output: 'apco',
  tool_search_call: 'tsc',
  tool_search_output: 'tso',
  compaction: 'cmp',
}

/** At most 64 characters of letters, digits, `_` and `-`. */
const wireSafe = (text: string): string => {
  const safe = text.replace(/[^A-Za-z0-9_-]/g, '')
  return safe.length > 0 && safe.length <= 44 ? safe : digest(text)
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** The id of an item that came without one: the same for every event and for the whole answer. */
export const itemId = (type: string, exchange: string, outputIndex: number): string =>
  `${prefixOf(type)}_${wireSafe(exchange)}_${outputIndex}`

export const prefixOf = (type: string): string =>
  (Object.hasOwn(prefixes, type) ? prefixes[type] : undefined) ?? 'item'

/** Would the id be taken for an item of this type: its prefix, and no other letters than ids have? */
export const fitsType = (id: string, type: string): boolean =>
  id.startsWith(`${prefixOf(type)}_`) && /^[A-Za-z0-9_-]+$/.test(id)

/** An upstream's own id where it is one of ours by its looks, else a stable stand-in that logs can be joined by. */
export const responseId = (id: string | undefined, exchange: string): string => {
  if (id === undefined || id === '') return `resp_${wireSafe(exchange)}`
  return id.startsWith('resp_') && id.length <= 128 ? id : `resp_${digest(id)}`
}

/** What pairs a call with its output: at most 64 characters. */
export const callIdOf = (id: string | undefined, exchange: string, outputIndex: number): string => {
  if (id === undefined || id === '') return `call_${wireSafe(exchange)}_${outputIndex}`
  return id.length <= 64 ? id : `call_${digest(id)}`
}
