export { withoutStore } from './answer-draft.ts'
export { type BackgroundJobs, createBackgroundJobs } from './background-jobs.ts'
export type { InSession, Session } from './session.ts'
export { type SessionsParts, sessions } from './sessions.ts'
