import { Document, isSeq, visit } from 'yaml'
import type { Draft, DraftSettings, ImportNote, ReferredVariable } from './draft.ts'

/** `file` is the one that was converted, as its user calls it. */
export interface WriteOptions {
  readonly format: string
  readonly file: string
}

/** The file of ours: the settings, and as comments what became of everything else, with the line that said it. */
export const writeDraft = (draft: Draft, { format, file }: WriteOptions): string => {
  const settings = Object.keys(draft.settings).length === 0 ? '{}' : settingsText(draft.settings)
  return [
    `# Made by \`tgw import ${format}\` from ${oneLine(file)}. All settings: docs/configuration.md.`,
    settings,
    ...variablesNote(variablesIn(draft, settings)),
    ...report(draft.notes()),
    '',
  ].join('\n')
}

/** The variables that the settings still refer to. */
export const variablesIn = (draft: Draft, settings: string): readonly ReferredVariable[] =>
  draft.variables().filter(({ name }) => settings.includes(`\${${name}}`))

const variablesNote = (variables: readonly ReferredVariable[]): readonly string[] =>
  variables.length === 0
    ? []
    : [
        '',
        '# Set in the environment of the gateway:',
        ...variables.map(
          ({ name, isWrittenThere }) =>
            `#   ${name}${isWrittenThere ? ' (its value stands in the file that was converted)' : ''}`,
        ),
      ]

export const settingsText = (settings: DraftSettings): string => {
  const document = new Document(inOrder(settings))
  visit(document, {
    // An item of a list is one line: `- { match: …, targets: […] }`.
    Collection(_key, node, path) {
      if (path.some(isSeq)) node.flow = true
    },
  })
  return document.toString({ lineWidth: 0 }).trimEnd()
}

/** In the order of the documentation. */
const inOrder = (settings: DraftSettings): DraftSettings => ({
  ...Object.fromEntries(sections.flatMap((name) => (name in settings ? [[name, settings[name]]] : []))),
  ...Object.fromEntries(Object.entries(settings).filter(([name]) => !sections.includes(name))),
})

const sections = [
  'listen',
  'auth',
  'providers',
  'routes',
  'aliases',
  'default_fallback',
  'prices',
  'budgets',
  'limits',
]

const headings: readonly (readonly [ImportNote['outcome'], string])[] = [
  ['changed', 'Carried over, but not the same'],
  ['same', 'Holds here without a setting'],
  ['left', 'Cannot be carried over'],
]

const report = (notes: readonly ImportNote[]): readonly string[] =>
  headings.flatMap(([outcome, heading]) => {
    const some = notes.filter((note) => note.outcome === outcome)
    return some.length === 0 ? [] : ['', `# ${heading}:`, ...some.map((note) => `#   ${noteLine(note)}`)]
  })

/** `12: router_settings.timeout -> timeouts.first_byte: …` */
export const noteLine = ({ line, path, setting, text }: ImportNote): string =>
  oneLine(
    [`${line}: ${path}${setting === undefined ? '' : `${path === '' ? '' : ' '}-> ${setting}`}`, text ?? '']
      .filter((part) => part !== '')
      .join(': '),
  )

/** A comment ends with its line. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
