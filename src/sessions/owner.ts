/** Who made something that the gateway keeps. */
export interface Owner {
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
  readonly key: string | null
}

/** Columns of an owner, as every table has them. */
export const ownerColumns = ({ organisation, team, user, key }: Owner) => ({
  organisation_id: organisation,
  team_id: team,
  user_id: user,
  key_id: key,
})

export const ownerOf = (row: {
  readonly organisation_id: string
  readonly team_id: string | null
  readonly user_id: string | null
  readonly key_id: string | null
}): Owner => ({ organisation: row.organisation_id, team: row.team_id, user: row.user_id, key: row.key_id })
