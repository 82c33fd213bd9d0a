import { describe, expect, test } from 'bun:test'
import { convert as convertAs, lines } from './converted.fixture.ts'

const convert = (...text: readonly string[]) => convertAs('tokligence', lines(...text))
const ref = (name: string) => `$\{${name}}`

describe('a Tokligence file', () => {
  test('with one port, keys and routes', () => {
    const { written, settings, text } = convert(
      '# a comment = no setting',
      '; another = one',
      '[gateway]',
      'facade_port = 9081',
      'admin_port=9079',
      'Work_Mode = Translation',
      'log_level=WARN',
      'openai_api_key = sk-own-0123456789abcdefghijkl',
      'openai_org=org-1',
      'anthropic_base_url=https://relay.example.com',
      'model_provider_routes=gpt*=openai, claude*=>anthropic,gemini-*=gemini',
      'routes=special=anthropic',
      'fallback_adapter=loopback',
    )
    expect(written).toEqual({
      listen: { port: 9081 },
      work_mode: 'translation',
      telemetry: { log: { level: 'warn' } },
      providers: {
        openai: { api_key: ref('OPENAI_API_KEY'), organization: 'org-1' },
        anthropic: { base_url: 'https://relay.example.com', api_key: ref('ANTHROPIC_API_KEY') },
        google: { api_key: ref('GEMINI_API_KEY') },
      },
      default_fallback: 'loopback',
      routes: [
        { match: 'special', targets: ['anthropic'] },
        { match: 'gpt*', targets: ['openai'] },
        { match: 'claude*', targets: ['anthropic'] },
        { match: 'gemini-*', targets: ['google'] },
      ],
    })
    expect(text).not.toContain('sk-own')
    expect(settings.auth).toBe('on')
  })

  test('with several ports', () => {
    const { settings, left } = convert(
      'multiport_mode=yes',
      'facade_port=7001',
      'admin_port=7002',
      'openai_port=7003',
      'anthropic_port=7004',
      'openai_endpoints=openai_core, health',
      'anthropic_endpoints=anthropic,unheard_of',
      'enable_facade=false',
      'auth_disabled=true',
    )
    expect(settings.listen).toMatchObject({
      mode: 'multi',
      ports: { facade: 7001, admin: 7002, openai: 7003, anthropic: 7004 },
      endpoints: { facade: [], openai: ['openai_core', 'health'], anthropic: ['anthropic'] },
    })
    expect(settings.auth).toBe('off')
    expect(left.map((one) => one.split(':')[0])).toEqual(['anthropic_endpoints'])
  })

  test('with aliases, which rename behind the rules', () => {
    const { written, left } = convert(
      'model_provider_routes=house-*=anthropic',
      'model_aliases=gpt-best=gpt-4.1,house-*-fast=>claude-haiku-4-5, nobody=x, broken',
      'model_aliases_file=aliases.txt',
    )
    expect(written['routes']).toEqual([
      { match: 'gpt-best', targets: [{ provider: 'openai', model: 'gpt-4.1' }] },
      { match: 'house-*-fast', targets: [{ provider: 'anthropic', model: 'claude-haiku-4-5' }] },
      { match: 'house-*', targets: ['anthropic'] },
    ])
    expect(left).toHaveLength(3)
  })

  test('with a provider that is none here: the rule goes, with its line, and the others stay', () => {
    const { written, notes } = convert(
      '',
      'model_provider_routes=kimi*=kimi,gpt*=openai',
      'facade_port=notaport',
    )
    expect(written['routes']).toEqual([{ match: 'gpt*', targets: ['openai'] }])
    expect(notes.filter(({ outcome }) => outcome === 'left')).toMatchObject([
      { line: 2, text: expect.stringContaining('names the provider `kimi`, which is not configured') },
      { line: 3, text: 'has a form that cannot be read' },
    ])
  })

  test('with CRLF, a byte order mark, other scripts, keys said twice and lines that are none', () => {
    const text =
      '\uFEFFopenai_org=ünïcödé-組織\r\nno setting here sk-secret-0123456789abc\r\nfacade_port=1\r\nFACADE_PORT=8090\r\n=x\r\n\r\n'
    const { settings, notes, text: made } = convertAs('tokligence', text)
    expect(settings.providers['openai']?.organization).toBe('ünïcödé-組織')
    expect(settings.listen.port).toBe(8090)
    expect(notes.filter(({ outcome }) => outcome === 'left').map(({ line }) => line)).toEqual([2, 3, 5])
    expect(made).not.toContain('sk-secret')
  })

  test('with what belongs to their marketplace, database and log: each is left with its reason', () => {
    const { written, left } = convert(
      'environment=live',
      'base_url=https://market.example.com',
      'email=me@example.com',
      'price_per_1k=0.5',
      'auth_secret=very-secret-word',
      'ledger_path=~/l.db',
      'log_file_daemon=x.log',
      'db_max_open_conns=10',
      'bridge_session_ttl=5m',
      'hooks_enabled=true',
      'anthropic_reasoning=true',
      'duplicate_tool_detection=true',
      'never_heard_of=1',
      'display_name=',
    )
    expect(written).toEqual({})
    expect(left).toHaveLength(13)
    expect(left).toContain('never_heard_of: is no key that this conversion knows')
    expect(left.join('\n')).not.toMatch(/very-secret|me@example|market\.example/)
  })

  test('with references of ours in its texts means those characters', () => {
    const { settings } = convert(`openai_org=a$\{HOME}b`, `model_provider_routes=$\{x}*=openai`)
    expect(settings.providers['openai']?.organization).toBe(`a$\{HOME}b`)
    expect(settings.routes[0]?.match).toEqual([`$\{x}*`])
  })

  test('with nothing in it is an empty configuration', () => {
    expect(convertAs('tokligence', '').written).toEqual({})
    expect(convertAs('tokligence', '\n\n# only words\n').notes).toEqual([])
  })
})
