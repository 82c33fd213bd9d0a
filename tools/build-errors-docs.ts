/** Writes docs/errors.md from the table of errors. A test holds the file against it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorTable } from '../src/errors.ts'

export const errorsDocument = (): string =>
  [
    '# Errors',
    '',
    'Generated from `src/errors.ts` by `bun tools/build-errors-docs.ts`.',
    '',
    'Every error of the gateway itself has a code in the header `x-tollgate-error`. The body and the status are in the',
    "client's own protocol, so that SDKs and agents treat it as their vendor's; the status below is the one of the admin",
    'API and of OpenAI-shaped answers. An error that a provider sends passes through untouched and has no such header.',
    '',
    '| code | status | retry | what it means, what to do |',
    '| --- | --- | --- | --- |',
    ...Object.entries(errorTable).map(
      ([code, row]) => `| \`${code}\` | ${row.status} | ${row.retryable ? 'yes' : 'no'} | ${row.help} |`,
    ),
    '',
  ].join('\n')

if (import.meta.main) writeFileSync(join(import.meta.dir, '../docs/errors.md'), errorsDocument())
