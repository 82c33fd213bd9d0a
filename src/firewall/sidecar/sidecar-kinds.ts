/** What a sidecar may speak. */
export const sidecarKinds = ['presidio', 'filter', 'label-classifier', 'shield-classifier'] as const
export type SidecarKind = (typeof sidecarKinds)[number]

/** Whose texts a request holds: tools' answers are `tool`, whoever sends them. */
export const sidecarParties = ['user', 'tool', 'system', 'assistant'] as const
export type SidecarParty = (typeof sidecarParties)[number]
