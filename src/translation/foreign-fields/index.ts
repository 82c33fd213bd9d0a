export type { ForeignField, ForeignFieldLevel, ForeignFieldPolicy } from './foreign-field.ts'
export { foreignFields } from './foreign-fields.ts'
export { foreignFieldTable } from './table.ts'
