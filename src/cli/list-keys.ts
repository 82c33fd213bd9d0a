import { GatewayError } from '../errors.ts'
import type { AdminClient } from './admin-client.ts'
import { keysSchema, type ListedKey, readAnswer } from './answers.ts'

const pageSize = 1000

/** All virtual keys, page by page. */
export const listKeys = async (
  client: AdminClient,
  filter: { readonly live?: boolean },
): Promise<readonly ListedKey[]> => {
  const found: ListedKey[] = []
  for (;;) {
    const query = new URLSearchParams({ limit: String(pageSize) })
    if (filter.live !== undefined) query.set('live', String(filter.live))
    const last = found.at(-1)
    if (last !== undefined) query.set('after', last.id)
    const page = readAnswer(keysSchema, await client.call('GET', `/keys?${query}`)).keys
    found.push(...page)
    if (page.length < pageSize) return found
  }
}

/** The id of a key that was named by id, or by a name that only one live key has. Throws `not_found` or `conflict`. */
export const findKey = async (client: AdminClient, named: string): Promise<string> => {
  if (/^key_[0-9a-z]+$/.test(named)) return named
  // A secret that was pasted here must not come back in a message.
  if (named.startsWith('tgw-')) {
    throw new GatewayError(
      'not_found',
      'name the key by its id or name, not by its secret: `tgw keys list` shows both',
    )
  }
  const matches = (await listKeys(client, { live: true })).filter(({ name }) => name === named)
  const [first, second] = matches
  if (first === undefined)
    throw new GatewayError('not_found', 'no live key has this id or name: see `tgw keys list`')
  if (second === undefined) return first.id
  throw new GatewayError(
    'conflict',
    `several keys have this name, give an id: ${matches.map(({ id }) => id).join(', ')}`,
  )
}
