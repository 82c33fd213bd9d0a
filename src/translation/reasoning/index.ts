export { reasoningSettings } from './reasoning-settings.ts'
export { reasoningState } from './reasoning-state.ts'
export { recallReasoning, wantsReasoning } from './recall-reasoning.ts'
export { rememberReasoning } from './remember-reasoning.ts'
