/**
 * Letters of other scripts that read as a Latin one, both cases, in the order of the Latin letters they stand for.
 * Written for this project from the shapes themselves; only used inside words that mix scripts.
 */
const lookalikes: Readonly<Record<string, string>> = {
  a: 'аΑαАꓮᎪɑ',
  b: 'ЬВΒвᏴьƄꓐ',
  c: 'сСϲСᏟⅽꓚ',
  d: 'ԁԀᎠⅾꓓɗ',
  e: 'еЕΕεєЄᎬꓰҽ',
  f: 'ϜғҒꓝƒ',
  g: 'ɡԌᏀꓖց',
  h: 'һҺНΗнᎻꓧհ',
  i: 'іІΙιɩӏᎥꓲıї',
  j: 'јЈϳᎫꓙ',
  k: 'кКΚκᏦꓗ',
  l: 'ⅼᏞꓡʟ',
  m: 'мМΜᎷꓟ',
  n: 'ոΝηꓠпп',
  o: 'оОΟοσօՕᎤꓳө',
  p: 'рРΡρᏢꓑ',
  q: 'ԛԚգ',
  r: 'гᏒꓣɾ',
  s: 'ѕЅՏᏚꓢ',
  t: 'тТΤτᎢꓔ',
  u: 'υսᑌꓴцυ',
  v: 'νѵѴᏙꓦ',
  w: 'ѡԝԜᎳꓪω',
  x: 'хХΧχꓫ',
  y: 'уУΥγүҮꓬ',
  z: 'ΖᏃꓜᴢ',
}

/** Letter shapes with no other reading than the Latin one: small capitals and turned letters. */
const shapes: Readonly<Record<string, string>> = {
  a: 'ᴀɐ',
  b: 'ʙ',
  c: 'ᴄɔ',
  d: 'ᴅ',
  e: 'ᴇǝ',
  f: 'ꜰɟ',
  g: 'ɢƃ',
  h: 'ʜɥ',
  i: 'ɪᴉ',
  j: 'ᴊɾ',
  k: 'ᴋʞ',
  l: 'ʟ',
  m: 'ᴍɯ',
  n: 'ɴ',
  o: 'ᴏ',
  p: 'ᴘ',
  q: 'ꞯ',
  r: 'ʀɹ',
  s: 'ꜱ',
  t: 'ᴛʇ',
  u: 'ᴜ',
  v: 'ᴠʌ',
  w: 'ᴡʍ',
  y: 'ʏʎ',
  z: 'ᴢ',
}

const fill = (table: Uint16Array, rows: Readonly<Record<string, string>>): void => {
  for (const [latin, others] of Object.entries(rows)) {
    for (const other of others) {
      const code = other.charCodeAt(0)
      if (table[code] === 0) table[code] = latin.charCodeAt(0)
    }
  }
}

/** Tables by code unit: what a letter looks like, what it always means, and the base letter under its marks. */
export interface LetterTables {
  /** Latin letter that a letter of another script looks like; 0 for none. */
  readonly lookalike: Uint16Array
  /** Lower-case base letter of a Latin letter with marks or of an unusual shape; 0 for none. */
  readonly base: Uint16Array
}

/** Builds the tables; a few milliseconds, done once and only when a text is not ASCII. */
export const buildLetterTables = (): LetterTables => {
  const lookalike = new Uint16Array(0x10000)
  const base = new Uint16Array(0x10000)
  fill(lookalike, lookalikes)
  fill(base, shapes)
  for (const [from, to] of [
    [0xc0, 0x250],
    [0x1e00, 0x1f00],
  ] as const) {
    for (let code = from; code < to; code += 1) {
      const first = String.fromCharCode(code).normalize('NFKD').toLowerCase().charCodeAt(0)
      if (first >= 0x61 && first <= 0x7a) base[code] = first
    }
  }
  for (const [letter, latin] of [
    ['øØǿ', 'o'],
    ['łŁ', 'l'],
    ['đĐ', 'd'],
    ['ħĦ', 'h'],
    ['ŧŦ', 't'],
    ['ı', 'i'],
  ] as const) {
    for (const one of letter) base[one.charCodeAt(0)] = latin.charCodeAt(0)
  }
  return { lookalike, base }
}
