import { type CountryCode, isSupportedCountry, Metadata, type MetadataJson } from 'libphonenumber-js/core'
import metadata from 'libphonenumber-js/metadata.min.json'

interface Plan {
  readonly callingCode: string
  readonly nationalPrefix: RegExp | undefined
  readonly pattern: RegExp
}

export interface PhonePlans {
  /** A number with its country code, digits only: `14155550132`. */
  isInternational(digits: string): boolean
  /** A number as it is dialled inside one of these countries; the country code may stand before it. */
  isNational(digits: string, countries: Iterable<string>): boolean
}

/**
 * The numbering plans of libphonenumber, asked directly: parsing a text costs tens of microseconds, testing digits
 * against a country's pattern a fraction of one. A country is read when it is first asked for.
 */
export const createPhonePlans = (): PhonePlans => {
  // The library's declaration wants its own class of JSON; the file is the one it ships for this.
  const source = metadata as unknown as MetadataJson
  const plans = new Map<string, Plan | undefined>()
  const callingCodes = new Map<string, readonly string[]>(
    Object.entries((metadata as { country_calling_codes: Record<string, string[]> }).country_calling_codes),
  )
  const nonGeographic = new Map<string, readonly unknown[]>(
    Object.entries((metadata as { nonGeographic?: Record<string, unknown[]> }).nonGeographic ?? {}),
  )

  const planOf = (country: string): Plan | undefined => {
    if (plans.has(country)) return plans.get(country)
    let plan: Plan | undefined
    if (isSupportedCountry(country as CountryCode, source)) {
      const reader = new Metadata(source)
      reader.selectNumberingPlan(country as CountryCode)
      const numbering = reader.numberingPlan as unknown as NumberingPlan
      const prefix = numbering.nationalPrefixForParsing() as string | undefined
      plan = {
        callingCode: String(numbering.callingCode()),
        nationalPrefix: prefix === undefined || prefix === '' ? undefined : new RegExp(`^(?:${prefix})`),
        pattern: new RegExp(`^(?:${numbering.nationalNumberPattern()})$`),
      }
    }
    plans.set(country, plan)
    return plan
  }

  const isOf = (plan: Plan, digits: string): boolean => {
    if (plan.pattern.test(digits)) return true
    const rest = plan.nationalPrefix === undefined ? digits : digits.replace(plan.nationalPrefix, '')
    return rest !== digits && plan.pattern.test(rest)
  }

  return {
    isInternational: (digits) => {
      for (let width = 1; width <= 3; width++) {
        const code = digits.slice(0, width)
        const countries = callingCodes.get(code)
        if (countries === undefined) {
          if (nonGeographic.has(code)) return digits.length >= 9
          continue
        }
        const national = digits.slice(width)
        return countries.some((country) => {
          const plan = planOf(country)
          return plan !== undefined && isOf(plan, national)
        })
      }
      return false
    },
    isNational: (digits, countries) => {
      for (const country of countries) {
        const plan = planOf(country)
        if (plan === undefined) continue
        if (isOf(plan, digits)) return true
        if (digits.startsWith(plan.callingCode) && plan.pattern.test(digits.slice(plan.callingCode.length)))
          return true
      }
      return false
    },
  }
}

interface NumberingPlan {
  callingCode(): string
  nationalPrefixForParsing(): unknown
  nationalNumberPattern(): string
}
