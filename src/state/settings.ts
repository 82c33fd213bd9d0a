import { z } from 'zod'
import { settingMeta } from '../config/index.ts'

/** Where gateways share what they learn. Without a URL each learns alone. */
export const redisSettings = z
  .strictObject({
    url: z
      .string()
      .regex(/^rediss?:\/\/.+$/)
      .optional()
      .register(settingMeta, {
        secret: 'url',
        expects: '`redis://user:password@host:6379/0` or `rediss://…`',
      })
      .describe('`redis://…`, or `rediss://…` for TLS; without it every gateway process learns alone.'),
    key_prefix: z
      .string()
      .min(1)
      .max(100)
      .prefault('tollgate:')
      .describe('Begins the names of all keys and channels; gateways that share have the same.'),
  })
  .prefault({})
  .describe(
    'What several gateways share, such as which upstreams fail; while it is away, each goes on alone.',
  )
