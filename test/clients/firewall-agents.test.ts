/**
 * Agents that people use write a file with an e-mail address and a key in it, through a gateway that redacts both: the
 * file holds the real values, and the strict stand-in of their vendor, which refuses a history that was tampered with,
 * never sees one. Run by `npm run test:clients`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { agents, longestRun, runAgent } from '../support/agents.ts'
import { type FakeUpstream, fakeProviders, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { ledgerEntries, startGateway, type TestGateway } from '../support/gateway.ts'
import { announceSkip } from '../support/shared.ts'
import { githubToken } from '../support/test-secrets.ts'

const kit = kitFolder()
if (kit === undefined) announceSkip('agents behind the firewall', 'no scripts at TGW_SHARED or ../shared')

const email = 'mara.lindqvist@fjordmail.se'
const token = githubToken('an agent writes it')
const content = `owner=${email} token=${token}`

/** What writes a line and says so. */
const command = (line: string): string =>
  `printf '%s\\n' '${line}' > out.txt && cat out.txt && printf 'wrote-%d\\n' 0x1CDF`

const prompt = (line: string): string =>
  `Use your shell tool to run exactly this command in the current directory: ${command(line)}   When it has run, reply with one line that starts with E2E-FINAL-OK tool_output= followed by what the command printed.`

describe.skipIf(kit === undefined)('agents behind a firewall that redacts', () => {
  let fake: FakeUpstream
  let gateway: TestGateway
  /** Placeholders are its organisation's. */
  let keyId: string

  beforeAll(async () => {
    fake = await startFakeUpstream(kit ?? '', ['--api-key', 'upstream-secret-key'])
    gateway = await startGateway({
      config: [
        ...fakeProviders(fake),
        'work_mode: passthrough',
        'firewall: { input: redact, output: monitor, secrets: reversible }',
      ],
    })
    const { keys } = (await gateway.admin('/keys')) as { keys: readonly { readonly id: string }[] }
    keyId = keys[0]?.id ?? ''
  })

  afterAll(async () => {
    await fake.stop()
    await gateway.stop()
  })

  for (const agent of agents) {
    test(
      `${agent.name} writes the real values, and its provider sees none`,
      async () => {
        const trial = (await gateway.admin('/firewall/test', {
          method: 'POST',
          body: JSON.stringify({ text: content, key: keyId }),
        })) as { text: string }
        expect(trial.text).toMatch(/^owner=\[EMAIL_\w+\] token=\[GITHUB_TOKEN_\w+\]$/)
        // A model repeats what it was told, which are placeholders.
        await fetch(`${fake.url}/__fake/reset`, { method: 'POST' })
        await fetch(`${fake.url}/__fake/config`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ cmd: command(trial.text) }),
        })
        const before = (await ledgerEntries(gateway)).length
        const said = await runAgent(agent, gateway, agent.model, {
          E2E_PROMPT: prompt(content),
          E2E_FILE_EXPECT: content,
          E2E_EXPECT: `E2E-FINAL-OK tool_output=.*${email.replaceAll('.', '[.]')} token=${token}.*wrote-7391`,
        })
        if (said === undefined) return
        expect(said).toStartWith('PASS')
        expect(await fake.issues()).toEqual([])
        const seen = await (await fetch(`${fake.url}/__fake/requests`)).text()
        expect(seen).toContain(trial.text)
        expect(seen).not.toContain(email)
        expect(seen).not.toContain(token)
        const all = await ledgerEntries(gateway)
        const turns = all.slice(0, all.length - before).filter(({ operation }) => operation === 'generate')
        expect(turns.length).toBeGreaterThan(1)
        for (const turn of turns) expect(turn.outcome).toBe('success')
        expect(JSON.stringify(turns)).toContain('GITHUB_TOKEN')
        expect(JSON.stringify(turns) + gateway.log()).not.toMatch(
          new RegExp(`${token}|${email.replaceAll('.', '[.]')}`),
        )
      },
      longestRun,
    )
  }
})
