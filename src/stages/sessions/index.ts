export { withoutStore } from './answer-draft.ts'
export { type BackgroundJobs, createBackgroundJobs } from './background-jobs.ts'
export { type InSession, type Session, standsAlone } from './session.ts'
export { type SessionsParts, sessions } from './sessions.ts'
