/** A loss in translation. Source: translation.md §1.8. */
export interface Warning {
  readonly code: 'dropped' | 'approximated'
  readonly feature: string
  /** JSON path in the client's request. */
  readonly path: string
  readonly reason: string
}
