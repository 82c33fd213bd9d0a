/** What real agents sent, held against every detector with everything refused that may be: nothing of it is. */
import { describe, expect, test } from 'bun:test'
import { createFirewall, readLeaf } from '../../src/firewall/index.ts'
import { firewallSettings } from '../../src/firewall/settings.ts'
import { type Protocol, protocols } from '../../src/protocols/index.ts'
import { clientRecordings, corpusAvailable, matchEndpoint, wireRequest } from '../support/corpus.ts'

const isPresent = corpusAvailable('recorded agents before the firewall')

/** Texts that really hold what is refused, by recording and place; never what they hold. */
const really: readonly string[] = []

describe.skipIf(!isPresent)('recorded requests of agents', () => {
  test('are let through by all detectors in `enforce`', () => {
    const firewall = createFirewall(firewallSettings.parse({ input: 'enforce', output: 'enforce' }))
    const policy = firewall.policyOf({ team: null, keys: [], layers: [] })
    const refused: string[] = []
    const reported = new Map<string, number>()
    let requests = 0
    let texts = 0
    for (const recording of clientRecordings(({ method }) => method !== 'GET')) {
      if (!recording.text.startsWith('{')) continue
      // A WebSocket carries what is posted elsewhere.
      const path = recording.method === 'WS' ? '/v1/responses' : recording.path
      const protocol = Object.values(protocols).find(
        (one: Protocol) => matchEndpoint(one, 'POST', path) !== undefined,
      )
      if (protocol === undefined) continue
      const wire = wireRequest(protocol, { path, body: recording.text })
      const leaves = protocol.generate?.leaves(wire) ?? protocol.embed?.leaves?.(wire) ?? []
      const read = leaves.map((leaf) => ({ ...leaf, ...readLeaf(leaf) }))
      requests += 1
      texts += read.length
      const { found } = firewall.screen.run(read, policy, 'input')
      for (const { detector, rule, at, action } of found) {
        if (action === 'refused') refused.push(`${recording.name} ${detector} ${rule} ${at}`)
        else reported.set(`${detector} ${rule}`, (reported.get(`${detector} ${rule}`) ?? 0) + 1)
      }
    }
    console.log(
      `${requests} requests, ${texts} texts: ${refused.length} refused; only told of ${JSON.stringify([...reported])}`,
    )
    expect(refused).toEqual([...really])
    expect(requests).toBeGreaterThan(200)
  })
})
