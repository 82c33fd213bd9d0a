import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsDocument } from '../tools/build-errors-docs.ts'
import { translationPage } from '../tools/translation-page.ts'

const file = (path: string): string => readFileSync(join(import.meta.dir, '..', path), 'utf8')

test('docs/errors.md is the table of errors', () => {
  expect(file('docs/errors.md')).toBe(errorsDocument())
})

test('the README shows the two commands, and the lock file names no registry', () => {
  const readme = file('README.md')
  expect(readme).toContain('npm ci && npm start')
  expect(readme).toContain('npm ci && npm test')
  expect(file('package-lock.json')).not.toContain('"resolved"')
})

test('docs/translation.md is what the code does (else run tools/build-translation-docs.ts)', () => {
  expect(file('docs/translation.md')).toBe(translationPage(file('docs/translation.md')))
})
