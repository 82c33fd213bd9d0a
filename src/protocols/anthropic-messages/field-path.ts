/** Canonical request fields whose name on this wire is another one. */
const names: Readonly<Record<string, string>> = {}

/** The wire's own name of a canonical request field, for warnings and refusals. */
export const fieldPath = (field: string): string =>
  (Object.hasOwn(names, field) ? names[field] : undefined) ?? field
