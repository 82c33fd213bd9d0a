/**
 * Comments in which somebody speaks to the reader of the prompt instead of the code: what was left out (`// ...`), what
 * is pointed at (`// <-- fails`, `// ^^^`), what is still to be done.
 */
export const isAside = (comment: string): boolean => asides.test(comment)

const asides =
  /\.\.\.|\u2026|<-|^(?:\/\/+|#+|\/\*+)\s*(?:-+>|=+>|\^|\u2190|\u2191|\u2192|\u2b05)|\b(?:TODO|FIXME|XXX|HACK|BUG|HERE|NOTE TO)\b/
