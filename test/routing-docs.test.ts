import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fieldsOf } from '../src/config/index.ts'
import { loadSettings } from '../src/load-settings.ts'
import { settingsSchema } from '../src/settings.ts'
import { strategies } from '../src/stages/match/index.ts'

const page = readFileSync(join(import.meta.dir, '../docs/routing.md'), 'utf8')
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml)

/** What the examples take for granted. */
const azure =
  'providers: { azure: { kind: openai-compatible, base_url: "http://127.0.0.1:1/v1", api_key: k, models: [gpt-5.1] } }'
const env = { OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', HOOK_SECRET: 'a-secret-of-hooks' }

test('the examples of docs/routing.md are there', () => expect(examples.length).toBeGreaterThan(6))

test.each(examples)('this example of docs/routing.md loads without a warning: %s', (yaml) => {
  const home = mkdtempSync(join(tmpdir(), 'routing-docs-'))
  try {
    mkdirSync(join(home, '.tollgate/aliases.d'), { recursive: true })
    writeFileSync(join(home, '.tollgate/aliases.yaml'), '{}\n')
    // An example of its own is all the providers that it needs.
    const providers = yaml.startsWith('providers:') ? '' : azure
    writeFileSync(join(home, 'tollgate.yaml'), `${providers}\n${yaml}`)
    const { warnings } = loadSettings({ env, cwd: home, home })
    expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([])
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('docs/routing.md has every condition and every strategy of a rule', () => {
  const conditions = fieldsOf(settingsSchema).flatMap(
    ({ path }) => /^routes\[\]\.when\.(\w+)$/.exec(path)?.[1] ?? [],
  )
  expect(conditions).toContain('hours')
  for (const word of conditions) expect(page).toContain(`\`${word}: `)
  for (const word of strategies) expect(page).toMatch(new RegExp(`^\\| \`${word}\``, 'm'))
})
