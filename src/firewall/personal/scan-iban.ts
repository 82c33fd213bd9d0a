import { asciiOf, type Candidate, isAlphanumeric, isWordByte } from './candidate.ts'
import { remainder } from './checksums.ts'

/** Length by country, SWIFT IBAN Registry, release 99 (December 2024). */
const lengths: ReadonlyMap<string, number> = new Map(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
    .split(' ')
    .map((entry): [string, number] => [entry.slice(0, 2), Number(entry.slice(2))]),
)

const space = 0x20
const hyphen = 0x2d

/** ISO 13616: an account number that begins at this place, in one piece or in groups. */
export const scanIban = (bytes: Uint8Array, length: number, start: number): Candidate | undefined => {
  const country = asciiOf(bytes, start, start + 2).toUpperCase()
  const wanted = lengths.get(country)
  if (wanted === undefined || isWordByte(bytes[start - 1]) || bytes[start - 1] === hyphen) return undefined
  let compact = ''
  let end = start
  let group = 0
  let sign = 0
  while (end < length && compact.length < wanted) {
    const byte = bytes[end] ?? 0
    if (isAlphanumeric(byte)) {
      compact += String.fromCharCode(byte)
      group++
    } else {
      if ((byte !== space && byte !== hyphen) || group > 10 || !isAlphanumeric(bytes[end + 1]))
        return undefined
      if (sign !== 0 && sign !== byte) return undefined
      sign = byte
      group = 0
    }
    end++
  }
  if (
    compact.length !== wanted ||
    isWordByte(bytes[end]) ||
    (bytes[end] === hyphen && isWordByte(bytes[end + 1]))
  ) {
    return undefined
  }
  const upper = compact.toUpperCase()
  if (upper !== compact && compact.toLowerCase() !== compact) return undefined
  if (!/^[A-Z]{2}\d\d/.test(upper) || remainder(upper.slice(4) + upper.slice(0, 4), 97) !== 1)
    return undefined
  return { type: 'IBAN', rule: 'iban', start, end, confidence: 0.98, score: 190 }
}
