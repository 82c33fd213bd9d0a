import { isIP } from 'node:net'
import { z } from 'zod'
import { settingMeta } from './setting-meta.ts'

/** Building blocks of settings schemas. Their parsed values and units are part of their contract. */

const millisecondsPer = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const bytesPer = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const

/** The longest that a timer can wait, in days: 2³¹ − 1 ms. */
const timerDays = 24

/**
 * Written as seconds (`30`, `0.5`) or as `500ms`, `30s`, `10m`, `1h`, `1d`; parsed to whole **milliseconds**,
 * from 1 to 24 days, or to `days` for what no timer waits for. With `zero`, 0 is allowed and means what `zero` says.
 */
export const duration = (options: { readonly zero?: string; readonly days?: number } = {}) => {
  const days = options.days ?? timerDays
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const milliseconds = typeof value === 'number' ? Math.round(value * 1_000) : parseDuration(value)
      const allowed =
        milliseconds !== undefined &&
        milliseconds <= days * millisecondsPer.d &&
        (milliseconds > 0 || (options.zero !== undefined && value === 0) || isZeroText(value, options.zero))
      if (allowed) return milliseconds
      context.issues.push({ code: 'custom', input: value, message: expected })
      return z.NEVER
    })
    .register(settingMeta, {
      unit: 'duration',
      expects: `a duration such as \`500ms\`, \`30s\`, \`10m\`, \`1h\` or \`1d\`, or a number of seconds (at most ${days} days${
        options.zero === undefined ? '' : `; 0 = ${options.zero}`
      })`,
    })
}

/** Written as bytes (`1024`) or as `64KB`, `32MB`, `1GB` (powers of 1024); parsed to whole **bytes**, from 1. */
export const byteSize = () =>
  z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const bytes = typeof value === 'number' ? value : parseBytes(value)
      if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes > 0) return bytes
      context.issues.push({ code: 'custom', input: value, message: expected })
      return z.NEVER
    })
    .register(settingMeta, {
      unit: 'size',
      expects: 'a size such as `64KB`, `32MB` or `1GB`, or a number of bytes',
    })

/** A text with at least one character. */
export const text = () => z.string().min(1).register(settingMeta, { expects: 'a text that is not empty' })

/** A text that messages, lists and logs never show. */
export const secretText = () =>
  z.string().min(1).register(settingMeta, { secret: 'value', expects: 'a text that is not empty' })

/** A path; `~` is the home folder, a relative path starts at the folder of the file that says it. */
export const filePath = () => z.string().min(1).register(settingMeta, { path: 'file', expects: 'a path' })

export const wholeNumber = (from: number, to: number) =>
  z
    .int()
    .min(from)
    .max(to)
    .register(settingMeta, {
      expects:
        to === Number.MAX_SAFE_INTEGER
          ? `a whole number from ${from}`
          : `a whole number from ${from} to ${to}`,
    })

/** An http(s) URL without user, query or fragment; parsed without a trailing slash. */
export const httpUrl = () =>
  z
    .string()
    .transform((value, context) => {
      const reason = urlFault(value)
      if (reason === undefined) return value.replace(/\/+$/, '')
      context.issues.push({ code: 'custom', input: value, message: reason })
      return z.NEVER
    })
    .register(settingMeta, { expects: 'an http or https URL' })

/** One address or a range: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`. */
export const cidr = () =>
  z
    .string()
    .refine(isCidr, { message: expected })
    .register(settingMeta, { expects: 'an IP address or a range such as `10.0.0.0/8`' })

/** Stands for "must be …" with what the field's `expects` says. */
export const expected = 'expected'

/** `90s` → 90000; undefined when the text is no duration. */
export const parseDuration = (value: string): number | undefined => {
  const [, number, unit] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(value.trim()) ?? []
  return number === undefined ? undefined : Math.round(Number(number) * factor(millisecondsPer, unit))
}

/** The shortest exact text: 90000 → `90s`. */
export const formatDuration = (milliseconds: number): string =>
  milliseconds === 0 ? '0' : formatUnit(milliseconds, millisecondsPer)

/** `32MB` → 33554432; undefined when the text is no size. */
export const parseBytes = (value: string): number | undefined => {
  const [, number, unit] = /^(\d{1,15})\s?([KMG]?)i?B$/i.exec(value.trim()) ?? []
  return number === undefined ? undefined : Number(number) * factor(bytesPer, `${unit?.toUpperCase()}B`)
}

export const formatBytes = (bytes: number): string => formatUnit(bytes, bytesPer)

const isZeroText = (value: number | string, zero: string | undefined): boolean =>
  zero !== undefined && typeof value === 'string' && parseDuration(value) === 0

const factor = (units: Readonly<Record<string, number>>, unit: string | undefined): number =>
  units[unit ?? ''] ?? Number.NaN

const formatUnit = (value: number, units: Readonly<Record<string, number>>): string => {
  const fitting = Object.entries(units).filter(([, size]) => value % size === 0)
  const [name, size] = fitting.at(-1) ?? ['', 1]
  return `${value / size}${name}`
}

const urlFault = (value: string): string | undefined => {
  if (!URL.canParse(value) || /\s/.test(value)) return expected
  const url = new URL(value)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return expected
  if (url.username !== '' || url.password !== '')
    return 'must not hold a user or password; use the key settings'
  if (value.includes('?')) return 'must not hold a query (`?…`)'
  if (value.includes('#')) return 'must not hold a fragment (`#…`)'
  return undefined
}

const isCidr = (value: string): boolean => {
  const [address, bits, ...more] = value.split('/')
  const family = isIP(address ?? '')
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
