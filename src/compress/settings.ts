import { z } from 'zod'
import { settingMeta } from '../config/index.ts'

/** `request`: only where a request asks for it with its header. */
export const compressModes = ['off', 'request', 'on'] as const

export type CompressMode = (typeof compressModes)[number]

/** `compress` of a route. */
export const compressModeSettings = z.enum(compressModes)

/** The `compress` section. */
export const compressSettings = z
  .strictObject({
    mode: compressModeSettings
      .prefault('off')
      .describe(
        'Are comments taken out of code that people paste? `request`: where the request asks for it with `x-tollgate-compress: on`. What a route says wins over it, and what a virtual key says over both.',
      ),
    dedent: z
      .boolean()
      .prefault(false)
      .describe(
        'Take the white space at the beginning of lines as well; of Python one character for each level stays.',
      ),
  })
  .prefault({})
  .register(settingMeta, { reloads: true, expects: 'settings such as `mode: on`' })
  .describe('Code that people paste, made shorter before it goes to a provider.')

export type CompressSettings = z.output<typeof compressSettings>
