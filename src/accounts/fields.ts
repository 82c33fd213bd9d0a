import { z } from 'zod'
import { isId } from './token.ts'

/** A name that people give: one line of text that every database can store. */
export const nameField = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => !/\p{Cc}/u.test(text) && text.isWellFormed(), 'must be one line of text')

/** The id of a row. */
export const idField = z.string().refine(isId, 'is not an id')

/** A time in milliseconds since 1970; `null` is never. */
export const expiresAtField = z.int().positive().nullable()

/** Seconds from now until something ends; at most a hundred years. */
export const expireInField = z.int().positive().max(3_155_760_000)
/** An e-mail address in lower case. One without a top-level domain is fine: `admin@local`. */
export const emailField = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email({ pattern: z.regexes.html5Email, error: 'is not an e-mail address' }))
