import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { foreignAttacks, ownAttacks, type TextTemplates } from './own-attacks.ts'
import { ownBenign } from './own-benign.ts'
import { seeded } from './seeded.ts'

/** One labelled text. */
export interface Row {
  readonly id: string
  readonly set: string
  readonly label: 'attack' | 'benign'
  readonly kind: string
  readonly role: 'user' | 'tool'
  readonly lang: string
  readonly text: string
  readonly source: string
  readonly licence: string
  /** The attack inside a longer text, where the set says so. */
  readonly payload?: string
}

/** Rows of each `*.jsonl.gz` in a folder, by file name. */
export const readRows = (folder: string): readonly Row[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl.gz'))
    .sort()
    .flatMap((file) => parseRows(Bun.gunzipSync(readFileSync(join(folder, file)))))

const parseRows = (bytes: Uint8Array): readonly Row[] =>
  new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Row => {
      const row: Row = JSON.parse(line)
      return row
    })

/** The folder of all labelled sets, beside a checkout or named by `TGW_SHARED`; undefined where there is none. */
export const sharedRows = (): string | undefined => {
  const folder = join(process.env['TGW_SHARED'] ?? resolve(import.meta.dir, '../../shared'), 'data/waf')
  return existsSync(folder) ? folder : undefined
}

/** The rows that the shipped model is trained on: those kept in the repository and those written for it. */
export const trainingRows = (): readonly Row[] => [...readRows(join(import.meta.dir, 'data')), ...ownRows()]

/** Texts written for this project, drawn from their templates with a fixed seed. */
export const ownRows = (): readonly Row[] => {
  const rows = [
    ...ownAttacks.flatMap((templates) => draw(templates, 'attack')),
    ...ownBenign.flatMap((templates) => draw(templates, 'benign')),
  ]
  for (const [lang, texts] of Object.entries(foreignAttacks)) {
    texts.forEach((text, index) => {
      rows.push(ownRow(`own-${lang}-${index}`, 'attack', 'multilingual', 'user', lang, text))
    })
  }
  return rows
}

const draw = (templates: TextTemplates, label: Row['label']): Row[] => {
  const random = seeded(`${templates.kind}/${templates.role}`)
  const texts = new Set<string>()
  for (const template of templates.texts) {
    for (let step = 0; step < templates.draws; step += 1) texts.add(fill(template, templates.words, random))
  }
  return [...texts].map((text, index) =>
    ownRow(
      `own-${templates.kind}-${templates.role}-${index}`,
      label,
      templates.kind,
      templates.role,
      templates.lang,
      text,
    ),
  )
}

const fill = (template: string, words: TextTemplates['words'], random: () => number): string => {
  const take = (text: string): string =>
    text.replace(/\{([a-z]+)\}/g, (whole, name: string) => {
      const choices = words[name]
      return choices === undefined ? whole : (choices[Math.floor(random() * choices.length)] ?? '')
    })
  return take(take(template)).trim()
}

const ownRow = (
  id: string,
  label: Row['label'],
  kind: string,
  role: Row['role'],
  lang: string,
  text: string,
): Row => ({
  id,
  set: `own-${label}`,
  label,
  kind,
  role,
  lang,
  text,
  source: 'this project',
  licence: 'Apache-2.0',
})
