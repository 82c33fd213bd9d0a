export { toolPasses } from './tool-passes.ts'
export type { ToolResultOptions } from './tool-results.ts'
