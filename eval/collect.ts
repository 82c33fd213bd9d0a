/**
 * Copies the rows that may be part of the product into `eval/data`: `bun eval/collect.ts`. A row is taken when its own
 * licence is MIT, Apache-2.0 or CC0; of sets whose contexts are under other licences only the attack texts are.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Row, readRows, sharedRows } from './rows.ts'

const permissive = new Set([
  'MIT',
  'Apache-2.0',
  'Apache-2.0 OR MIT',
  'CC0-1.0',
  'Apache-2.0 (orig. verazuo/jailbreak_llms MIT)',
  'Apache-2.0 (orig. agencyenterprise/PromptInject MIT)',
])
const bipia = 'MIT (contexts: OpenAI Evals MIT, WikiTableQuestions CC-BY-SA, StackExchange CC-BY-SA)'
/** A longer file teaches nothing more and would only weigh. */
const longest = 12_000
const codeFiles = 700

const shared = sharedRows()
if (shared === undefined)
  throw new Error('no labelled sets: set TGW_SHARED to the folder that holds data/waf')
const kept = new Map<string, Row[]>()
const seen = new Set<string>()
const keep = (row: Row): void => {
  if (seen.has(row.text)) return
  seen.add(row.text)
  const name = `${row.label}-${row.set}`
  kept.set(name, [...(kept.get(name) ?? []), row])
}
let code = 0
for (const row of readRows(shared)) {
  const text = row.text.slice(0, longest)
  if (permissive.has(row.licence)) {
    if (row.set === 'code_files' && ++code > codeFiles) continue
    keep({ ...row, text })
  } else if (row.licence === bipia && row.payload !== undefined) {
    keep({ ...row, set: 'bipia_payloads', text: row.payload, licence: 'MIT' })
  }
}
const folder = join(import.meta.dir, 'data')
mkdirSync(folder, { recursive: true })
for (const [name, rows] of kept) {
  const lines = rows.map(({ id, set, label, kind, role, lang, text, source, licence, payload }) =>
    JSON.stringify({ id, set, label, kind, role, lang, text, source, licence, payload }),
  )
  writeFileSync(
    join(folder, `${name}.jsonl.gz`),
    Bun.gzipSync(new TextEncoder().encode(`${lines.join('\n')}\n`), { level: 9 }),
  )
  console.log(name, rows.length)
}
