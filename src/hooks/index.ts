export type { HookEvent, HookEventType } from './event.ts'
export { createHooks, type Hooks, type HooksParts } from './hooks.ts'
