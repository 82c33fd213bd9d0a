import { z } from 'zod'

/** What the admin API answers about people, as far as the command line reads it. */

export const userSchema = z.looseObject({
  id: z.string(),
  organisation: z.string(),
  team: z.string().nullable(),
  name: z.string(),
  email: z.string().nullable(),
  role: z.string(),
  state: z.string(),
  createdAt: z.number(),
  lastLoginAt: z.number().nullable(),
})

export type ListedUser = z.output<typeof userSchema>

export const usersSchema = z.looseObject({ users: z.array(userSchema) })
export const createdUserSchema = userSchema.extend({ isMailed: z.boolean() })
export const removedUserSchema = userSchema.extend({ revokedKeys: z.array(z.string()) })

export const importSchema = z.looseObject({
  created: z.number(),
  skipped: z.number(),
  failed: z.number(),
  mailed: z.number(),
  rows: z.array(
    z.looseObject({
      line: z.number(),
      email: z.string(),
      result: z.string(),
      reason: z.string().nullable(),
      user: z.string().nullable(),
    }),
  ),
})

export const organisationSchema = z.looseObject({ id: z.string(), name: z.string(), createdAt: z.number() })
export const organisationsSchema = z.looseObject({ organisations: z.array(organisationSchema) })

export const teamSchema = organisationSchema.extend({ organisation: z.string() })
export const teamsSchema = z.looseObject({ teams: z.array(teamSchema) })
export const removedTeamSchema = z.looseObject({ revokedKeys: z.array(z.string()) })

export const linksSchema = z.looseObject({
  expiresInSeconds: z.number(),
  links: z.array(
    z.looseObject({
      user: z.string(),
      organisation: z.string(),
      organisationName: z.string(),
      link: z.string(),
    }),
  ),
})

export const sessionsSchema = z.looseObject({
  sessions: z.array(
    z.looseObject({
      id: z.string(),
      user: z.string(),
      address: z.string(),
      agent: z.string(),
      createdAt: z.number(),
      lastUsedAt: z.number(),
      expiresAt: z.number(),
    }),
  ),
})

export const revokedSessionsSchema = z.looseObject({ revoked: z.number() })
