/**
 * Which requests are served: all (`auto`), those alone that reach the provider as they came (`passthrough`), or those
 * alone that are said in another protocol (`translation`).
 */
export const workModes = ['auto', 'passthrough', 'translation'] as const

export type WorkMode = (typeof workModes)[number]
