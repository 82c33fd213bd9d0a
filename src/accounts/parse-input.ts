import type { z } from 'zod'
import { GatewayError } from '../errors.ts'

/**
 * Reads what somebody gave for `thing`. Throws `gateway_request_invalid` naming the first field at fault; the
 * message never holds the value.
 */
export const parseInput = <Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  thing: string,
): z.output<Schema> => {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const param = issue?.path.join('.') ?? ''
  const reason = (issue?.message ?? 'invalid').toLowerCase()
  throw new GatewayError(
    'gateway_request_invalid',
    `${thing}${param === '' ? '' : `, ${param}`}: ${reason}`,
    {
      ...(param === '' ? {} : { param }),
    },
  )
}
