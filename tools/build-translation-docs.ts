/** Writes the generated half of docs/translation.md. */
import { join } from 'node:path'
import { translationPage } from './translation-page.ts'

const path = join(import.meta.dir, '..', 'docs', 'translation.md')
await Bun.write(path, translationPage(await Bun.file(path).text()))
