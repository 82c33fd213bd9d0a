import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { recordings } from './agent-conversations.ts'
import { breaksOf, converse, type Proof, startProof } from './prompt-cache-proof.ts'
import { announceSkip } from './shared.ts'

/** Recorded agents with a provider that keeps prompts, through a gateway with everything on. */
export const promptCacheSuite = (turns: number): void => {
  const isAbsent = !existsSync(join(recordings, 'INDEX.md'))
  if (isAbsent) announceSkip('prompt caches of recorded agents', 'no recordings at TGW_SHARED or ../shared')

  describe.skipIf(isAbsent)(`of a recorded conversation of ${turns} turns, a provider`, () => {
    let proof: Proof
    beforeAll(async () => {
      proof = await startProof()
    }, 60_000)
    afterAll(() => proof.stop())

    const withAndWithout = async (
      agent: 'claude-code' | 'codex',
      model: string,
      target: string,
    ): Promise<{ readonly without: number; readonly through: number }> => {
      const { provider, gateway } = proof
      const without = await converse(provider, provider.url, { agent, model, turns })
      const through = await converse(provider, gateway.url, { agent, model: `${target}/${model}`, turns })
      expect([without.turns, through.turns]).toEqual([turns, turns])
      console.log(`${agent} to ${target}: ${through.read} of ${without.read} tokens read`)
      return { without: without.read, through: through.read }
    }

    test('reads as much of Claude Code’s prompts as without the gateway', async () => {
      const { without, through } = await withAndWithout('claude-code', 'claude-opus-5-5', 'messages')
      expect(without).toBeGreaterThan(turns * 5_000)
      expect(through).toBeGreaterThanOrEqual(without * 0.99)
      const said = proof.provider.last()
      expect(said).toContain('[STEP_')
      expect(said).not.toMatch(/wrote-\d/)
    }, 600_000)

    test('reads as much of Codex’s prompts as without the gateway', async () => {
      const { without, through } = await withAndWithout('codex', 'gpt-5.5', 'responses')
      expect(without).toBeGreaterThan(turns * 2_000)
      expect(through).toBeGreaterThanOrEqual(without * 0.99)
    }, 600_000)

    for (const [agent, model] of [
      ['codex', 'messages/claude-opus-5-5'],
      ['claude-code', 'chat/gpt-5.1'],
      ['claude-code', 'responses/gpt-5.5'],
    ] as const) {
      test(`reads nearly all of what it could where ${agent} is translated for ${model}`, async () => {
        const { read, most } = await converse(proof.provider, proof.gateway.url, { agent, model, turns })
        console.log(`${agent} to ${model}: ${read} of ${most} tokens read`)
        expect(read).toBeGreaterThanOrEqual(most * 0.985)
      }, 600_000)
    }

    test('of none of them anything is told', async () => {
      expect(await breaksOf(proof.gateway)).toEqual([])
    })

    test('is told of with the byte, turn for turn, where the gateway writes now this, now that', async () => {
      const { provider, gateway } = proof
      const made = (await gateway.admin('/keys', {
        method: 'POST',
        body: JSON.stringify({ name: 'fickle', options: { firewall: 'redact' } }),
      })) as { id: string; secret: string }
      let told = 0
      const look = async (): Promise<void> => {
        const breaks = await breaksOf(gateway, `&key=${made.id}`)
        const [last] = breaks
        if (last === undefined || breaks.length === told) return
        told = breaks.length
        expect(last.cause).toBe('gateway')
        expect(last.path).toMatch(/^messages\[\d+\]\.content/)
        const offset = last.offset ?? 0
        const at = Buffer.from(provider.last())
          .subarray(offset, offset + 6)
          .toString()
        expect(at).toMatch(/^(?:\[STEP_|wrote-)/)
      }
      const { read, most } = await converse(
        provider,
        gateway.url,
        {
          agent: 'claude-code',
          model: 'messages/claude-opus-5-5',
          turns: Math.min(turns, 24),
          key: made.secret,
        },
        async (turn) => {
          await look()
          await gateway.admin(`/keys/${made.id}`, {
            method: 'PATCH',
            body: JSON.stringify({ options: { firewall: turn % 2 === 0 ? 'redact' : 'off' } }),
          })
        },
      )
      await look()
      // The provider soon holds both forms, so of some turns only little is missing.
      expect(told).toBeGreaterThan(Math.min(turns, 24) / 3)
      expect(read).toBeLessThan(most * 0.99)
    }, 600_000)
  })
}
