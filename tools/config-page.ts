import {
  editorSchema,
  expectation,
  type Field,
  fieldsOf,
  foreignVariables,
  type Variable,
  variables,
} from '../src/config/index.ts'
import { settingsSchema } from '../src/settings.ts'
import { exampleConfig } from './example-config.ts'

/** The text of `docs/configuration.md`. */
export const configurationPage = (): string => {
  const fields = fieldsOf(settingsSchema)
  return [
    ...introduction,
    '## Environment variables',
    '',
    'Any setting: `TGW_` and its path in capitals, with two underscores for each dot, and `_` for `-`. The value is read as YAML.',
    '',
    ...codeBlock('sh', [
      'TGW_LISTEN__MAX_BODY=64MB',
      'TGW_PROVIDERS__OPENAI__ORGANIZATION=org-x',
      'TGW_ROUTES=\'[{ match: "gpt-*", targets: [openai] }]\'',
    ]),
    'These have a name of their own:',
    '',
    ...table(['variable', 'setting', 'meaning'], variables.map(variableRow)),
    'An empty variable counts as not set. A `TGW_` name that means nothing is reported as a warning.',
    '',
    '### Variables of other gateways',
    '',
    'Read where the meaning is the same, below every variable of this gateway. Each one read, and each other `TOKLIGENCE_` one, is reported as a warning.',
    '',
    ...table(
      ['variable', 'setting', 'meaning'],
      foreignVariables.map((variable) => [
        code(variable.name),
        variable.sets.map(code).join(', '),
        variable.meaning,
      ]),
    ),
    '## Reload or restart',
    '',
    'The files are watched. A change of these takes effect at once, without dropping a stream:',
    '',
    ...topmost(fields, (field) => field.meta.reloads === true).map((field) => `- ${code(field.path)}`),
    '',
    'Everything else needs a restart; the log names what waits for it. A file with a mistake changes nothing.',
    '',
    '## Settings',
    '',
    ...sections(fields),
  ].join('\n')
}

/** The text of `packaging/tollgate.schema.json`. */
export const editorSchemaFile = (): string =>
  `${JSON.stringify(editorSchema(settingsSchema, 'Tollgate configuration'), null, 2)}\n`

const codeBlock = (language: string, lines: readonly string[]): readonly string[] => [
  `\`\`\`${language}`,
  ...lines,
  '```',
  '',
]

const introduction = [
  '# Configuration',
  '',
  '<!-- Written by tools/build-config-docs.ts from the settings schema. Edit the schema, then run it. -->',
  '',
  'Without any file the gateway listens on `127.0.0.1:8081` and uses the providers whose usual environment variable is set (`OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY`, …).',
  '',
  '## Example',
  '',
  ...codeBlock('yaml', exampleConfig.trimEnd().split('\n')),
  '## Where settings come from',
  '',
  'In rising order, the later wins:',
  '',
  '1. the defaults below',
  '2. `tollgate.yaml`',
  '3. `tollgate.<profile>.yaml` beside it, with `TGW_PROFILE` set to `dev`, `test` or `live`',
  '4. environment variables',
  '5. flags of the command',
  '',
  'Sections merge; lists are replaced as a whole. The file is the first of: `--config`, `TGW_CONFIG`, `./tollgate.yaml`, `<data_dir>/tollgate.yaml`.',
  '',
  'A setting is named by its path: keys with dots between them, `[0]` for the first item of a list, quotes around a key that has a dot itself: `aliases."gpt-5.1"`.',
  '',
  '## What may stand in a file',
  '',
  `- \`\${NAME}\` in a value is the environment variable of that name. A variable that is not set is an error; \`\${NAME:-default}\` gives a default, also for an empty one. \`$\${\` stands for \`\${\`. Quotes are not needed.`,
  '- `~` at the start of a path is the home folder. Relative paths begin at the folder of the file; those of variables and flags at the working folder.',
  '- Durations: seconds, or a number with `ms`, `s`, `m`, `h` or `d`: `30`, `500ms`, `10m`.',
  '- Sizes: bytes, or a number with `KB`, `MB` or `GB` (powers of 1024): `32MB`.',
  '- Anchors and aliases (`&name`, `*name`) work; merge keys (`<<`) and tags (`!name`) do not.',
  '',
  'An unknown key, a wrong value or a key that appears twice stops the start. Every mistake is reported at once, with file, line and the nearest valid name; values of secrets are never repeated.',
  '',
  'Editors check and complete the file with [tollgate.schema.json](../packaging/tollgate.schema.json). For the YAML extension of VS Code, put this line on top:',
  '',
  ...codeBlock('yaml', ['# yaml-language-server: $schema=./tollgate.schema.json']),
]

const sections = (fields: readonly Field[]): readonly string[] => {
  const top = fields.filter((field) => field.keys.length === 1)
  const general = top.filter((field) => field.type === 'value')
  return [
    '### General',
    '',
    ...fieldTable(general),
    ...top
      .filter((field) => field.type === 'section')
      .flatMap((section) => [
        `### ${code(section.path)}`,
        '',
        section.description ?? '',
        '',
        ...fieldTable(
          fields.filter(
            (field) => field.type === 'value' && field.keys.length > 1 && field.keys[0] === section.keys[0],
          ),
        ),
      ]),
  ]
}

const fieldTable = (fields: readonly Field[]): readonly string[] =>
  table(
    ['setting', 'type', 'default', 'change', 'meaning'],
    fields.map((field) => [
      code(field.path),
      typeText(field),
      defaultText(field),
      field.meta.reloads ? 'at once' : 'restart',
      `${field.description ?? ''}${field.meta.secret === undefined ? '' : ' Secret.'}`,
    ]),
  )

/** What messages say after "must be", shortened for a column. */
const typeText = (field: Field): string =>
  field.meta.unit ??
  expectation(field)
    .replaceAll('a text that is not empty', 'text')
    .replaceAll('a text', 'text')
    .replaceAll(/a whole number from (\S+) to (\S+)/g, '$1 – $2')
    .replace(/^(?:an?|one of) /, '')
    .replace(/\(each (?:an? |one of )?/, '(')

const defaultText = (field: Field): string => {
  if (field.required) return 'required'
  const value = field.defaultValue
  return value === undefined
    ? ''
    : code(
        typeof value === 'string'
          ? value
          : JSON.stringify(value).replaceAll(/[",]/g, (found) => (found === ',' ? ', ' : '')),
      )
}

const variableRow = ({ name, sets, meaning: text }: Variable): readonly string[] => [
  code(name),
  sets.map(code).join(', '),
  text,
]

/** Those that qualify and stand below no other that does. */
const topmost = (fields: readonly Field[], qualifies: (field: Field) => boolean): readonly Field[] => {
  const found = fields.filter(qualifies)
  return found.filter((field) => !found.some((other) => other !== field && isBelow(field, other)))
}

const isBelow = (field: Field, other: Field): boolean =>
  other.keys.length < field.keys.length && other.keys.every((key, index) => field.keys[index] === key)

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  tableRow(head),
  tableRow(head.map(() => '---')),
  ...rows.map(tableRow),
  '',
]

const tableRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const code = (text: string): string => `\`${text}\``
