import { type Strength, strength } from '../identifier.ts'

/** Strong, or nothing. */
export const strongIf = (isValid: boolean): Strength => (isValid ? strength.strong : strength.no)

/** Weak, or nothing. */
export const weakIf = (isValid: boolean): Strength => (isValid ? strength.weak : strength.no)
