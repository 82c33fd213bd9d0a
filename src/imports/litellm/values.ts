import { type Draft, literal } from '../draft.ts'
import { openSection, type Section, textOf } from '../section.ts'
import type { Said, SourceMap, SourceNode } from '../source-node.ts'

/** What a provider's key is in the file. */
export type KeySource =
  | { readonly type: 'none' }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'secret'; readonly secret: string; readonly wish: string | undefined }

/** How LiteLLM's file says values: `os.environ/NAME`, variables of its own, and credentials by name. */
export interface Values {
  /** A text as ours says it. */
  text(said: Said<string>): string
  /** The same where it may be a secret: never in clear. `wish` names the variable that takes its place. */
  hidden(said: Said<string>, wish: string, example?: string): string
  key(said: Said<string>): KeySource
  /** `litellm_params` with what its `litellm_credential_name` stands for. */
  withCredential(params: Said<SourceNode>): Said<SourceNode>
}

export const readValues = (all: Section, draft: Draft): Values => {
  const set = new Map<string, string>()
  const environment = all.section('environment_variables')
  for (const name of environment?.keys ?? []) {
    const said = environment?.text(name)
    if (said === undefined) continue
    set.set(name, said.value)
    draft.leave(
      said,
      'settings do not set variables here: set it in the environment, where it is needed at all',
    )
  }
  const credentials = new Map<string, SourceMap>()
  for (const item of all.list('credential_list')) {
    const section = openSection(item, draft)
    const name = section.text('credential_name')
    const values = section.node('credential_values')?.value.content
    if (name !== undefined && values?.type === 'map') credentials.set(name.value, values)
    section.leaveRest({ credential_info: 'is for people' })
  }

  return {
    text({ value }) {
      const name = variableIn(value)
      if (name === undefined) return literal(value)
      const given = set.get(name)
      return given === undefined ? draft.refer(name) : literal(given)
    },
    hidden({ value }, wish, example) {
      const name = variableIn(value)
      if (name === undefined) return draft.hide(value, wish, example)
      const given = set.get(name)
      return given === undefined ? draft.refer(name, example) : draft.hide(given, name, example)
    },
    key({ value }) {
      const name = variableIn(value)
      if (name === undefined) {
        return noKeys.has(value.trim().toLowerCase())
          ? { type: 'none' }
          : { type: 'secret', secret: value, wish: undefined }
      }
      const given = set.get(name)
      return given === undefined ? { type: 'variable', name } : { type: 'secret', secret: given, wish: name }
    },
    withCredential(params) {
      const { content } = params.value
      if (content.type !== 'map') return params
      const named = content.entries.get('litellm_credential_name')
      const name = named === undefined ? undefined : textOf(named)
      if (name === undefined) return params
      const entries = new Map(content.entries)
      const found = credentials.get(name)
      if (found !== undefined) {
        entries.delete('litellm_credential_name')
        for (const [key, value] of found.entries) if (!entries.has(key)) entries.set(key, value)
      }
      return { ...params, value: { ...params.value, content: { type: 'map', entries } } }
    },
  }
}

const variableIn = (text: string): string | undefined =>
  /^os\.environ\/([A-Za-z_]\w*)$/.exec(text.trim())?.[1]

/** What people write where a server wants no key. */
const noKeys = new Set(['none', 'null', 'empty', 'no-key', 'not-needed', 'dummy'])
