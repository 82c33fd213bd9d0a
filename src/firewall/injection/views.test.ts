import { describe, expect, test } from 'bun:test'
import { fold } from './fold.ts'
import { hiddenSpans } from './hidden-spans.ts'
import { createLexicon } from './lexicon.ts'
import { rejoinedViews } from './rejoined-views.ts'
import { createTokens, tokenize } from './tokens.ts'
import { textOf } from './view.ts'
import { hiddenViews } from './views.ts'

const secret = 'please water the tomatoes in the garden today'
const kindsAndTexts = (text: string): readonly (readonly [string, string])[] =>
  hiddenViews(text, fold(text)).map((view) => [view.kind, textOf(view)] as const)
const readsAs = (kind: string, text: string) =>
  expect(kindsAndTexts(text).filter(([found, read]) => found === kind && read.includes(secret))).not.toEqual(
    [],
  )

describe('decoded views', () => {
  const hex = Buffer.from(secret).toString('hex')

  test('read base64, also wrapped, and base64 in base64', () => {
    const encoded = Buffer.from(secret).toString('base64')
    readsAs('base64', `data: "${encoded}"`)
    readsAs('base64', Buffer.from(`${secret} and ${secret}`).toString('base64').replace(/.{76}/g, '$&\n'))
    readsAs('base64', Buffer.from(encoded).toString('base64'))
  })

  test('read hexadecimal, with and without spaces', () => {
    readsAs('hex', `x=${hex};`)
    readsAs('hex', hex.replace(/../g, '$& '))
  })

  test('read what begins right behind another word, and what ends with the text', () => {
    const encoded = Buffer.from(secret).toString('base64')
    readsAs('base64', `if (of) ${encoded}`)
    readsAs('base64', `x=${encoded.replaceAll('=', '')}`)
    readsAs('hex', `the bytes: ${hex.replace(/../g, '$&:').slice(0, -1)}`)
    readsAs('hex', `bed ${hex.replace(/../g, '$& ')}, and more`)
    readsAs(
      'base64',
      `${Buffer.from(`${secret} and ${secret}`).toString('base64url').replace(/.{64}/g, '$&\r\n')}`,
    )
  })

  test('read percent signs, entities, escapes and binary digits', () => {
    readsAs('percent', encodeURIComponent(secret))
    readsAs('percent', hex.replace(/../g, '%$&'))
    readsAs('entities', [...secret].map((character) => `&#${character.charCodeAt(0)};`).join(''))
    readsAs(
      'escapes',
      [...secret].map((character) => `\\u00${character.charCodeAt(0).toString(16)}`).join(''),
    )
    readsAs('escapes', hex.replace(/../g, '\\x$&'))
    readsAs('binary', [...Buffer.from(secret)].map((byte) => byte.toString(2).padStart(8, '0')).join(' '))
  })

  test('leave out what is no text', () => {
    const digest = 'deadbeef'.repeat(5)
    expect(kindsAndTexts(`commit ${digest} in src/firewall/injection/viewsAndTokens`)).toEqual([])
    expect(kindsAndTexts('100 % of 5 & 6 \\n')).toEqual([])
  })

  test('are bounded, however much there is to decode', () => {
    const views = hiddenViews(`${Buffer.from(secret).toString('base64')} `.repeat(5000), fold(''))
    expect(views.reduce((sum, view) => sum + view.length, 0)).toBeLessThanOrEqual(65_536)
    expect(views.length).toBeLessThanOrEqual(48)
  })
})

describe('hidden spans', () => {
  const hidden = (text: string) =>
    hiddenSpans(text).map(({ how, start, end }) => [how, text.slice(start, end).trim()])

  test('are comments and elements that are not shown', () => {
    expect(hidden(`<p>a</p><!-- ${secret} -->`)).toEqual([['html-comment', secret]])
    expect(hidden(`<span style="font-size:0">${secret}</span>`)).toEqual([['hidden-element', secret]])
    expect(hidden(`<div hidden>${secret}</div><b>seen</b>`)).toEqual([['hidden-element', secret]])
    expect(hidden(`text\n\n[//]: # (${secret})\n`)).toEqual([['markdown-comment', `# (${secret})`]])
  })

  test('are not what everybody sees', () => {
    expect(hidden('<div style="opacity: 0.9">a</div> [docs]: https://example.com a < b')).toEqual([])
  })
})

describe('rejoined views', () => {
  const lexicon = createLexicon([...new Set(secret.split(' ')), 'meet', 'tonight'])
  const read = (text: string): readonly string[] => {
    const { view } = fold(text)
    const tokens = createTokens()
    tokenize(view, tokens)
    return rejoinedViews(view, tokens, lexicon).map(textOf)
  }
  const reads = (text: string) => expect(read(text).join('\n')).toContain(secret)

  test('read letters with spaces or dots between them', () => {
    reads(
      secret
        .split(' ')
        .map((word) => [...word].join(' '))
        .join('   '),
    )
    reads([...secret.replaceAll(' ', '')].join(' '))
    reads(
      secret
        .split(' ')
        .map((word) => [...word].join('.'))
        .join(' '),
    )
  })

  test('read digits and signs for letters', () => {
    reads(secret.replaceAll('e', '3').replaceAll('o', '0').replaceAll('a', '4'))
    reads(secret.replaceAll('a', '@').replaceAll('s', '$'))
  })

  test('put words together and take them apart', () => {
    reads(
      secret
        .replaceAll('water', 'wa ter')
        .replaceAll('tomatoes', 'toma toes')
        .replaceAll('garden', 'gar-den'),
    )
    reads(secret.replaceAll(' ', ''))
    reads(secret.replaceAll(' ', '_'))
  })

  test('read rot13 and backwards writing', () => {
    reads(
      secret.replace(/[a-z]/g, (character) =>
        String.fromCharCode(((character.charCodeAt(0) - 84) % 26) + 97),
      ),
    )
    reads([...secret].reverse().join(''))
    reads(secret.replace(/[a-z]+/g, (word) => [...word].reverse().join('')))
  })

  test('leave ordinary text and code alone', () => {
    expect(read('We meet tonight. Please bring the tomatoes.')).toEqual([])
    expect(read('const a1 = utf8.parse(x, y, z) // sha256 of b')).toEqual([])
  })
})
