export { type Check, checks, type Verdict } from './checks.ts'
export { type CheckedProtocol, runChecks } from './run-checks.ts'
export { type Subject, type SubjectOptions, subject } from './subject.ts'
