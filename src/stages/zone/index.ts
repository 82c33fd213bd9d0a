export { subjectOf } from './subject-of.ts'
export { type Zoned, type ZoneParts, zone } from './zone.ts'
