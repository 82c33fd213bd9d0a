import type { ErrorCode } from 'yaml'

/** Why a text is no YAML, in our own words: the parser's messages repeat the text, which may hold a secret. */
export const syntaxReason = (code: ErrorCode): string => reasons[code] ?? 'it cannot be read'

const reasons: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: 'an alias (`*name`) cannot have an anchor or tag',
  BAD_ALIAS: 'the alias (`*name`) has no anchor (`&name`) before it',
  BAD_DIRECTIVE: 'the line begins with `%`; put the value in quotes',
  BAD_DQ_ESCAPE:
    'there is an unknown escape in double quotes; write `\\\\` for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines around it, or a bracket or brace is not closed',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a value cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two `key: value` pairs stand on one line, or a value with `: ` needs quotes',
  BLOCK_IN_FLOW: 'inside `{ }` or `[ ]`, lists and sections must be written with brackets too',
  KEY_OVER_1024_CHARS: 'a key is longer than 1,024 characters',
  MISSING_CHAR: 'a closing quote, bracket or brace, a comma, or the space after a colon is missing',
  MULTILINE_IMPLICIT_KEY:
    'a line that should be `key: value` has no colon, or the line before it is not finished',
  MULTIPLE_ANCHORS: 'a value has two anchors',
  MULTIPLE_DOCS: 'the file holds more than one document (`---`)',
  MULTIPLE_TAGS: 'a value has two tags',
  NON_STRING_KEY: 'a key must be a plain name',
  RESOURCE_EXHAUSTION: 'it is nested too deeply',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'tags (`!name`) are not known here',
  UNEXPECTED_TOKEN: 'something unexpected follows; a value with `: `, ` #`, brackets or braces needs quotes',
}
