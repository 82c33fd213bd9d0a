import type { Leaf } from '../ir/index.ts'

/** May a person have pasted something here? Only texts of user turns: no documents, tool results or variables. */
export const isPasted = (leaf: Leaf): boolean =>
  leaf.role === 'user' &&
  leaf.kind === 'text' &&
  leaf.json !== true &&
  places.test(leaf.id) &&
  (leaf.text.includes('```') || leaf.text.includes('~~~'))

/** Chat and Messages, Responses, Gemini. */
const places =
  /^(?:messages\[\d+\]\.content(?:\[\d+\]\.text)?|input(?:\[\d+\](?:\.content(?:\[\d+\]\.text)?)?)?|contents(?:\[\d+\])?\.parts(?:\[\d+\])?\.text)$/

/**
 * Somebody speaks of lines by their numbers (`main.go:42`, `line 7`), or of the very text of the code: a patch against
 * what the model saw would not fit what the person has.
 */
export const countsLines = (text: string): boolean => lineTalk.test(text)

const lineTalk = /\blines?\s+\d|\bL\d+\b|\.[A-Za-z]{1,6}(?::\d|\(\d+[,:)])/

/** Words by which agents without tools, and people, ask for edits that repeat the text that they replace. */
export const asksForEdits = (text: string): boolean => editTalk.test(text)

const editTalk = new RegExp(
  [
    ...['SEARCH/REPLACE', '<{5,9} ?(?:SEARCH|HEAD|ORIGINAL)', '\\*\\*\\* (?:Begin Patch|Update File)'],
    ...['apply_patch', 'apply_diff', 'str_replace', 'replace_in_file', 'write_to_file', 'edit_file'],
    ...['search_replace', 'old_str', 'oldText', 'old_text', '(?:unified|context|git) diff', 'diff --git'],
    ...['^@@ -\\d', 'git apply', '\\b[Pp]atch(?:es)? (?:format|that applies|file)'],
  ].join('|'),
  'm',
)
