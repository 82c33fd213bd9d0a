import { z } from 'zod'
import { settingMeta } from '../config/index.ts'

/** Where `tgw prices update` looks when it is not told. */
export const priceSourceSettings = z
  .string()
  .regex(/^https:\/\/[^\s]+$/)
  .optional()
  .register(settingMeta, { reloads: true, expects: 'an https address' })
  .describe(
    'Address of a file of prices that `tgw prices update` fetches when it is not told another; nothing is fetched by itself.',
  )
