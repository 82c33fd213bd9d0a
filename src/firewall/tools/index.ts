export { carriesSecrets, defaultForeignTools, hasForeignContent, wordsOf } from './context.ts'
export type { Workspace } from './destructive.ts'
export {
  type CommandClass,
  createToolJudge,
  defaultToolRules,
  deniedText,
  type ToolAction,
  type ToolContext,
  type ToolJudge,
  type ToolPolicy,
  type ToolRule,
  type ToolVerdict,
} from './judge.ts'
export { type JudgedStreamParts, judgeCalls } from './judge-stream.ts'
export { blockedAddress, type FilteredText, filterLinks } from './link-filter.ts'
export { filterLinkStream, type LinkMachine } from './link-stream.ts'
export type { ToolCall } from './read-call.ts'
