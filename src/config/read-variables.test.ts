import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { plainOf } from './config-node.ts'
import { text, wholeNumber } from './fields.ts'
import { readFlags, readVariables } from './read-variables.ts'
import { readYaml } from './read-yaml.ts'

const schema = z.strictObject({
  listen: z.strictObject({ port: wholeNumber(0, 9), max_body: text() }),
  work_mode: text(),
  providers: z.record(z.string(), z.strictObject({ base_url: text() })),
})

const read = (env: Readonly<Record<string, string>>, files = '') => {
  const base = readYaml(files, '/f.yaml', {}).node
  const { node, problems, warnings } = readVariables(env, schema, base)
  return {
    plain: node && plainOf(node),
    problems: problems.map(({ source, message }) => `${source}: ${message}`),
    warnings: warnings.map(({ source, message }) => `${source}: ${message}`),
  }
}

describe('TGW_ variables', () => {
  test('with two underscores set any path', () => {
    expect(read({ TGW_LISTEN__PORT: '5', TGW_LISTEN__MAX_BODY: '1MB', TGW_WORK_MODE: 'auto' }).plain).toEqual(
      {
        listen: { port: 5, max_body: '1MB' },
        work_mode: 'auto',
      },
    )
  })

  test('find the names of the files, whose hyphens they cannot have', () => {
    expect(read({ TGW_PROVIDERS__MY_VLLM__BASE_URL: 'x' }, 'providers: { my-vllm: {} }').plain).toEqual({
      providers: { 'my-vllm': { base_url: 'x' } },
    })
    expect(read({ TGW_PROVIDERS__GROQ__BASE_URL: 'x' }).plain).toEqual({
      providers: { groq: { base_url: 'x' } },
    })
  })

  test('of a path win over those with a name of their own, and both over other gateways', () => {
    const env = { TGW_LISTEN__PORT: '3', TGW_PORT: '2', TOKLIGENCE_FACADE_PORT: '1' }
    expect(read(env).plain).toMatchObject({ listen: { port: 3, ports: { facade: 2 } } })
    expect(read({ TGW_PORT: '2', TOKLIGENCE_FACADE_PORT: '1' }).plain).toMatchObject({ listen: { port: 2 } })
  })

  test('that are empty count as not set', () => {
    expect(read({ TGW_PORT: '', TGW_LISTEN__PORT: '', TOKLIGENCE_ROUTES: '' })).toEqual({
      plain: undefined,
      problems: [],
      warnings: [],
    })
  })

  test('that mean nothing are warned of', () => {
    expect(read({ TGW_PROT: '1', TGW_WORKMODE: 'x', TGW___X: '1' }).warnings).toEqual([
      'environment variable TGW_PROT: is not known and is ignored, did you mean `TGW_PORT`?',
      'environment variable TGW_WORKMODE: is not known and is ignored, did you mean `TGW_WORK_MODE`?',
      'environment variable TGW___X: is not known and is ignored',
    ])
  })

  test('that steer the start are no settings', () => {
    expect(read({ TGW_CONFIG: 'x', TGW_PROFILE: 'dev', TGW_ROLE: 'worker' })).toEqual({
      plain: undefined,
      problems: [],
      warnings: [],
    })
  })

  test('that Kubernetes makes for a service of that name are not taken for ports', () => {
    const env = {
      TGW_PORT: 'tcp://10.0.0.1:80',
      TGW_SERVICE_HOST: '10.0.0.1',
      TGW_SERVICE_PORT: '80',
      TGW_PORT_80_TCP: 'tcp://10.0.0.1:80',
      TGW_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    expect(read(env)).toEqual({
      plain: undefined,
      problems: [],
      warnings: [
        'environment variable TGW_PORT: describes a Kubernetes service and is ignored; set `enableServiceLinks: false` in the pod',
      ],
    })
  })
})

describe('variables of other gateways', () => {
  test('keep the order of their routes, exact names of the older variable first', () => {
    const env = {
      TOKLIGENCE_MODEL_PROVIDER_ROUTES: 'o1*=>openai\n# note\ngemini*=>gemini',
      TOKLIGENCE_ROUTES: 'claude*=>anthropic, loopback = loopback',
    }
    expect(read(env).plain).toEqual({
      routes: [
        { match: 'loopback', targets: ['loopback'] },
        { match: 'claude*', targets: ['anthropic'] },
        { match: 'o1*', targets: ['openai'] },
        { match: 'gemini*', targets: ['google'] },
      ],
    })
  })

  test('of another form are refused without their value', () => {
    expect(read({ TOKLIGENCE_ROUTES: 'secret', TOKLIGENCE_ADMIN_PORT: 'x' }).problems).toEqual([
      'environment variable TOKLIGENCE_ADMIN_PORT: has a form that cannot be read',
      'environment variable TOKLIGENCE_ROUTES: has a form that cannot be read',
    ])
  })

  test('are told of, whether read or not', () => {
    expect(read({ TOKLIGENCE_WORK_MODE: 'AUTO', TOKLIGENCE_AUTH_SECRET: 'x' }).warnings).toEqual([
      'environment variable TOKLIGENCE_WORK_MODE: is read as `work_mode`',
      'environment variable TOKLIGENCE_AUTH_SECRET: has no counterpart here and is ignored',
    ])
  })
})

describe('flags', () => {
  test('are dotted paths; the file and what is undefined are left out', () => {
    const { node } = readFlags({
      'listen.port': '5',
      'listen.max_body': undefined,
      config: 'x',
      work_mode: 'auto',
    })
    expect(node && plainOf(node)).toEqual({ listen: { port: 5 }, work_mode: 'auto' })
  })

  test('that are no paths are refused without repeating them', () => {
    expect(readFlags({ 'routes[0].match': 'x', 'a..b': 1, '__proto__.x': 1 }).problems).toEqual(
      Array(3).fill({
        source: 'flags',
        path: '',
        message: 'must be a dotted path such as `listen.port`; a list is set as a whole',
      }),
    )
  })
})
