/** The organisation that exists from the start. */
export const defaultOrganisation = 'org_default'

/** Who an exchange, or a row, belongs to. */
export interface Tenant {
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
  readonly key: string | null
}
