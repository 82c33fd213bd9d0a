import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import type { StreamEvent } from '../../ir/index.ts'
import { filterLinks, blockedAddress as gone } from './link-filter.ts'
import { filterLinkStream } from './link-stream.ts'

const hosts = ['github.com', '*.example.org']
const filtered = (text: string): string => filterLinks(text, hosts).text

describe('an address of another host is taken out', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['![x](https://evil.example/?d=secret)', `![x](${gone})`],
    ['[x](https://evil.example/a(b)c "title") y', `[x](${gone} "title") y`],
    ['![x](<https://evil.example/a b>)', `![x](<${gone}>)`],
    ['![x]( \nhttps://evil.example)', `![x]( \n${gone})`],
    ['![x](//evil.example/a)', `![x](${gone})`],
    ['![x](\\\\evil.example/a)', `![x](${gone})`],
    ['![x](https:evil.example/a)', `![x](${gone})`],
    ['![x](https:\\\\evil.example)', `![x](${gone})`],
    ['![x](HTTPS://EVIL.example)', `![x](${gone})`],
    ['![x](https://github.com@evil.example/)', `![x](${gone})`],
    ['![x](https://github.com.evil.example/)', `![x](${gone})`],
    ['![x](&#104;ttps://evil.example/a)', `![x](${gone})`],
    ['![x](https&colon;//evil.example/a)', `![x](${gone})`],
    ['![x](https://evil\\.example/a)', `![x](${gone})`],
    ['![x][1]\n\n[1]: https://evil.example/a "t"\n', `![x][1]\n\n[1]: ${gone} "t"\n`],
    ['[1]:\n  <https://evil.example/a b>', `[1]:\n  <${gone}>`],
    ['<img src="https://evil.example/a b?c">', `<img src="${gone}">`],
    ["<IMG alt=x SRC = 'https://evil.example'/>", `<IMG alt=x SRC = '${gone}'/>`],
    ['<img src=https://evil.example/a>', `<img src=${gone}>`],
    ['<a\nhref="//evil.example">', `<a\nhref="${gone}">`],
    ['<img srcset="a.png 1x, https://evil.example/b 2x">', `<img srcset="a.png 1x, ${gone} 2x">`],
    ['<p style="background:url(https://evil.example/a)">', `<p style="background:url(${gone})">`],
    ['<img src="ht\ntps://evil.example/">', `<img src="${gone}">`],
    ['[x](javascript:alert(1))', `[x](${gone})`],
    [`![x](https://${'a'.repeat(300)}.example/)`, `![x](${gone})`],
    ['![x](https://evil.example', `![x](${gone}`],
  ]
  for (const [text, wanted] of cases) {
    test(text.slice(0, 60), () => {
      expect(filterLinks(text, hosts)).toEqual({ text: wanted, blocked: 1 })
    })
  }
})

describe('everything else stays', () => {
  const texts = [
    'see https://evil.example/x and <https://evil.example>',
    '![x](https://github.com/a.png) [y](https://docs.example.org:8443/a?b#c)',
    '[x](http://localhost:3000/a) [y](http://127.0.0.1/)',
    '[x](docs/readme.md) [y](#part) [z](/a/b) [q](?a=b) [m](mailto:a@b.example) [e]()',
    `![x](data:image/png;base64,${'A'.repeat(2_000)})`,
    'const x = f[i](a, b) ? y[1]: z; if (a < b && src == 3) { url(a) }',
    '<a class="https" href="page.html" title="https://evil.example">x</a>',
    'x[1]: int = 3',
  ]
  for (const text of texts) {
    test(text.slice(0, 60), () => {
      expect(filterLinks(text, hosts)).toEqual({ text, blocked: 0 })
    })
  }
})

test('a stream in any pieces says what the whole text says, and holds at most 256 characters', () => {
  const pieces = [
    ...[
      '![x](',
      '[1]: ',
      '<img src="',
      "src='",
      'https://evil.example/',
      'https://github.com/',
      '//evil',
      ')',
      '"',
      '>',
    ],
    ...[
      '<',
      ' ',
      '\n',
      '(',
      ',',
      'srcset="',
      'url(',
      'a'.repeat(90),
      '&#x68;ttp:',
      '\\',
      '.',
      'words ',
      '\u{1f600}',
      '](<',
    ],
  ]
  let most = 0
  let blocked = 0
  const runs = propertyRuns(3_000)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 16 }),
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }),
      (parts, sizes) => {
        const text = parts.join('')
        const machine = filterLinkStream(hosts)
        let said = ''
        const take = (events: readonly StreamEvent[]): void => {
          for (const event of events) if (event.type === 'text-delta') said += event.text
          most = Math.max(most, machine.held)
        }
        take(machine.push({ type: 'text-start', index: 0, part: { type: 'text', text: '' } }))
        let at = 0
        for (const size of [...sizes, text.length]) {
          if (at < text.length)
            take(machine.push({ type: 'text-delta', index: 0, text: text.slice(at, at + size) }))
          at += size
        }
        take(machine.push({ type: 'text-end', index: 0 }))
        const whole = filterLinks(text, hosts)
        expect(said).toBe(whole.text)
        expect(machine.blocked).toBe(whole.blocked)
        blocked += whole.blocked
        expect(filtered(whole.text)).toBe(whole.text)
      },
    ),
    { numRuns: runs },
  )
  expect(most).toBeLessThanOrEqual(256)
  expect(blocked).toBeGreaterThan(runs / 100)
}, 60_000)

test('long texts take linear time', () => {
  for (const piece of [
    '](',
    '<img src="',
    '[',
    'words and words ',
    '](https://github.com/a) ',
    ']:',
    'url(',
    '=',
  ]) {
    const text = piece.repeat(400_000 / piece.length)
    const started = processorTime()
    filtered(text)
    expect([piece, processorTime() - started < 1_000]).toEqual([piece, true])
  }
})
