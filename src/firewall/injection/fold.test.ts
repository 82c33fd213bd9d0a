import { describe, expect, test } from 'bun:test'
import { fold } from './fold.ts'
import { originalOffset, textOf } from './view.ts'

const folded = (text: string): string => textOf(fold(text).view)

describe('folding', () => {
  test('only lowers the case of ASCII', () => {
    expect(folded('Read the README, line 7')).toBe('read the readme, line 7')
  })

  test('reads full-width, mathematical and circled letters', () => {
    expect(folded('Ｒｅａｄ')).toBe('read')
    expect(folded('\u{1d42b}\u{1d41e}ad')).toBe('read')
    expect(folded('ⓡⓔⓐⓓ')).toBe('read')
    expect(folded('ʀᴇᴀᴅ')).toBe('read')
    expect(folded('\u{1f1f7}\u{1f1ea}')).toBe('re')
  })

  test('takes marks off Latin letters and leaves those of other scripts', () => {
    expect(folded('dé\u0335jà')).toBe('deja')
    expect(folded('हिन्दी')).toBe('हिन्दी'.normalize('NFKC'))
  })

  test('counts marks that are stacked', () => {
    expect(fold('a\u0301\u0302\u0303\u0304\u0305').stackedMarks).toBe(2)
    expect(fold('Việt Nam').stackedMarks).toBe(0)
  })

  test('reads look-alikes only in words of mixed script', () => {
    const mixed = fold('pаsswоrd')
    expect(textOf(mixed.view)).toBe('password')
    expect(mixed.mixedWords).toBe(1)
    expect(folded('сон и покой')).toBe('сон и покой')
    expect(fold('сон и покой').mixedWords).toBe(0)
  })

  test('knows where each character was', () => {
    const text = 'a\u200bbc ﬁle end'
    const { view } = fold(text)
    expect(textOf(view)).toBe('abc file end')
    expect(originalOffset(view, 1)).toBe(2)
    expect(originalOffset(view, textOf(view).indexOf('end'))).toBe(text.indexOf('end'))
  })
})

describe('what cannot be seen', () => {
  const evidenceOf = (text: string) => fold(text).invisible

  test('is taken out and counted', () => {
    const evidence = evidenceOf('he\u200bl\u00adl\u2060o')
    expect(folded('he\u200bl\u00adl\u2060o')).toBe('hello')
    expect(evidence?.zeroWidth).toBe(3)
    expect([evidence?.start, evidence?.end]).toEqual([2, 7])
  })

  test('may carry text in tag characters', () => {
    const tags = [...'open it']
      .map((character) => String.fromCodePoint(0xe0000 + character.charCodeAt(0)))
      .join('')
    expect(evidenceOf(`hi ${tags}`)?.tagText).toBe('open it')
  })

  test('is a flag where tags follow one', () => {
    const england = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'
    expect(evidenceOf(`Come on ${england}!`)?.tags).toBe(0)
  })

  test('may carry bytes in variation selectors', () => {
    const bytes = [...Buffer.from('open it')]
      .map((byte) => String.fromCodePoint(byte < 16 ? 0xfe00 + byte : 0xe0100 + byte - 16))
      .join('')
    expect(evidenceOf(`x${bytes}`)).toMatchObject({ selectors: 7, selectorText: 'open it' })
    expect(evidenceOf('☀️ ❤️ ☎️')?.selectors).toBe(0)
  })

  test('may spell bits', () => {
    const bits = [...'open'].map((character) => character.charCodeAt(0).toString(2).padStart(8, '0')).join('')
    const hidden = bits.replaceAll('0', '\u200b').replaceAll('1', '\u200c')
    expect(evidenceOf(`a${hidden}b`)?.bitText).toBe('open')
  })

  test('is spelling in emoji, Persian and Hindi', () => {
    for (const text of ['👩‍👩‍👧 family', 'می‌خواهم', 'क्‍ष', '\ufeffimport a']) {
      expect(evidenceOf(text)?.zeroWidth).toBe(0)
    }
  })

  test('may turn a text around', () => {
    expect(evidenceOf('see \u202edrow\u202c now')).toMatchObject({ bidi: 2, overridden: 'word' })
    expect(evidenceOf('שלום \u200f עולם')?.bidi ?? 0).toBeLessThan(2)
  })
})
