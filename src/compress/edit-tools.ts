/**
 * Does a request bring tools that may change files? Agents edit by exact match (`old_string`) or by patch, and what
 * they repeat must be what stands in the file. Told by the words of names and by the members of schemas, and rather too
 * often than once too seldom: shells change files as well, and of servers for tools nobody knows what they bring.
 * @param tools the value of `tools` or `functions`, parsed; of any protocol
 */
export const bringsEditTools = (tools: unknown): boolean => {
  const open: unknown[] = [tools]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) {
      for (const item of value) open.push(item)
      continue
    }
    if (typeof value !== 'object' || value === null) continue
    for (const [key, member] of Object.entries(value)) {
      if (schemaMembers.has(key.replaceAll('_', '').toLowerCase())) return true
      if (typeof member === 'string') {
        if ((key === 'name' || key === 'type') && wordsOf(member).some((word) => editWords.has(word)))
          return true
        if (key === 'definition' && member.includes('*** Begin Patch')) return true
      } else open.push(member)
    }
  }
  return false
}

/** `str_replace_based_edit_tool`, `MultiEdit`, `mcp__fs__write-file`. */
const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)

const editWords: ReadonlySet<string> = new Set([
  ...['edit', 'edits', 'editor', 'multiedit', 'patch', 'diff', 'replace', 'replacement', 'str', 'strreplace'],
  ...[
    'write',
    'writefile',
    'insert',
    'modify',
    'rewrite',
    'refactor',
    'update',
    'apply',
    'append',
    'overwrite',
  ],
  ...['save', 'sed', 'codemod', 'notebookedit', 'morph', 'fix', 'rename', 'delete', 'commit', 'merge'],
  ...['create', 'put', 'upload', 'execution', 'interpreter'],
  ...['shell', 'bash', 'sh', 'zsh', 'powershell', 'terminal', 'exec', 'execute', 'command', 'cmd', 'console'],
  ...['mcp', 'filesystem', 'computer', 'agent', 'task'],
])

/** Without underscores, in lower case. */
const schemaMembers: ReadonlySet<string> = new Set([
  ...['oldstring', 'newstring', 'oldstr', 'newstr', 'oldtext', 'newtext', 'oldcode', 'newcode'],
  ...['patch', 'diff', 'edits', 'filetext', 'insertline', 'replaceall', 'codeedit', 'newsource'],
  ...['searchtext', 'searchstring', 'replacestring', 'replacewith', 'replacement', 'replacements'],
])

/**
 * Members of a request behind which tools or turns stand that it does not say itself. A history that the gateway keeps is
 * in the request by now, without the member that named it; one that is still named is the provider's.
 */
export const opaqueMembers: readonly string[] = [
  ...['prompt', 'mcp_servers', 'cachedContent', 'cached_content', 'container', 'agent', 'thread'],
  ...['previous_response_id', 'conversation'],
]
