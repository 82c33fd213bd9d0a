import { type HostTest, hostOf } from './hosts.ts'

/** `open`: more of it has to be seen. */
export type AddressVerdict = 'passes' | 'blocked' | 'open'

/**
 * What an address is taken relative to; of no host that could be meant. Next to a base of its own scheme `https:a/b` is
 * a path, next to another one it names a host.
 */
const bases = ['https://relative.invalid/', 'other://relative.invalid/']

/**
 * May the address of an image or a link stay? Read as those do who show it: entities and escapes are resolved, a
 * backslash is a slash, line ends within are nothing.
 * @param isWhole nothing of it comes after this
 */
export const judgeAddress = (address: string, isWhole: boolean, isAllowed: HostTest): AddressVerdict => {
  if (!isWhole) return judgeBeginning(address, isAllowed)
  const plain = decodeEntities(address).replace(/[\t\n\r]/g, '')
  // Markdown takes the backslash before a sign away, browsers make it a slash.
  const readings = plain.includes('\\') ? [plain, plain.replace(/\\([!-/:-@[-`{-~])/g, '$1')] : [plain]
  const mayStay = (reading: string): boolean => bases.every((base) => staysOn(reading, base, isAllowed))
  return readings.every(mayStay) ? 'passes' : 'blocked'
}

const judgeBeginning = (address: string, isAllowed: HostTest): AddressVerdict => {
  const host = /^(?:https?|wss?|ftp):\/\/[^/?#&\\%\s]+[/?#]/i.exec(address)?.[0]
  if (host !== undefined) return isAllowed(hostOf(host) ?? '') ? 'passes' : 'blocked'
  const isLocal = /^(?:[^:/?#&\\%\s]+[/?#]|\/[^/\\&%\s]|[#?]|data:[a-z]|mailto:|tel:)/i.test(address)
  return isLocal ? 'passes' : 'open'
}

const staysOn = (address: string, base: string, isAllowed: HostTest): boolean => {
  let url: URL
  try {
    url = new URL(address, base)
  } catch {
    return !/[\\/]{2}/.test(address)
  }
  if (url.protocol === 'javascript:' || url.protocol === 'vbscript:') return false
  return url.hostname === '' || url.hostname === 'relative.invalid' || isAllowed(hostOf(url.href) ?? '')
}

const named: Readonly<Record<string, string>> = {
  ...{ amp: '&', colon: ':', sol: '/', bsol: '\\', period: '.', commat: '@', num: '#', quest: '?' },
  ...{
    Tab: '\t',
    NewLine: '\n',
    lowbar: '_',
    hyphen: '-',
    percnt: '%',
    quot: '"',
    apos: "'",
    lt: '<',
    gt: '>',
  },
}

const decodeEntities = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,8}));?/gi, (whole, hex, decimal, name) => {
        if (name !== undefined) return named[name] ?? whole
        const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
        return code <= 0x10ffff ? String.fromCodePoint(code) : ''
      })
    : text
