import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { generatedFiles } from '../tools/build-config-docs.ts'
import { exampleConfig } from '../tools/example-config.ts'
import { fieldsOf } from './config/index.ts'
import { loadSettings } from './load-settings.ts'
import { settingsSchema } from './settings.ts'

for (const [path, text] of generatedFiles()) {
  test(`${path} is what the settings schema says (else run tools/build-config-docs.ts)`, () => {
    expect(readFileSync(join(import.meta.dir, '..', path), 'utf8')).toBe(text)
  })
}

test('the example of the documentation loads without a warning', () => {
  const env = { OPENAI_API_KEY: 'a', ANTHROPIC_KEY_1: 'b', ANTHROPIC_KEY_2: 'c' }
  const readFile = (path: string) => (path === '/work-folder/tollgate.yaml' ? exampleConfig : undefined)
  const { settings, warnings } = loadSettings({ env, cwd: '/work-folder', home: '/home/me', readFile })
  expect(warnings).toEqual([])
  expect(settings.providers['openai']?.api_key).toBe('a')
  expect(settings.timeouts.first_byte).toBe(600_000)
})

test('every setting is described', () => {
  const silent = fieldsOf(settingsSchema).filter(({ type, description }) => type === 'value' && !description)
  expect(silent.map(({ path }) => path)).toEqual([])
})

test('the schema for editors forbids unknown keys', () => {
  const schema: unknown = parse(generatedFiles().get('packaging/tollgate.schema.json') ?? '')
  expect(schema).toMatchObject({
    additionalProperties: false,
    properties: {
      listen: { additionalProperties: false },
    },
  })
})
