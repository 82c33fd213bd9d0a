export { toolsRunAt } from './run-at-target.ts'
export { toolPasses } from './tool-passes.ts'
export type { ToolResultOptions } from './tool-results.ts'
