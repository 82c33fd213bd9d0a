import { RE2JS } from 're2js'
import { z } from 'zod'
import { settingMeta, text, wholeNumber } from '../config/index.ts'
import { defaultLoopOptions } from './loops/index.ts'
import { personalTypes } from './personal/index.ts'
import { firewallModes, type PolicyLayer } from './policy.ts'
import { sidecarsSettings } from './sidecar-settings.ts'

const mode = z.enum(firewallModes)

const modes = z.strictObject({
  input: mode.exactOptional().describe('What the client sends.'),
  output: mode.exactOptional().describe('What the model answers.'),
})

/** The gateway's own detectors. Custom ones have the names that they are given. */
export const detectorIds = ['secrets', 'personal', 'injection', 'canary', 'tools', 'links'] as const

/** All that can stand in `detectors`. */
export const detectorNames = (settings: {
  readonly custom: readonly { readonly id: string }[]
  readonly sidecars: readonly { readonly id: string }[]
}): readonly string[] => [
  ...detectorIds,
  ...settings.custom.map(({ id }) => id),
  ...settings.sidecars.map(({ id }) => id),
]

const detectorName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,39}$/,
    'a name is lower case, begins with a letter, and has at most 40 characters',
  )

const linear = text()
  .max(1_000)
  .superRefine((pattern, context) => {
    try {
      RE2JS.compile(pattern)
    } catch {
      context.addIssue({
        code: 'custom',
        message: 'not a regular expression of RE2 (no look-around, no back references)',
      })
    }
  })

const layer = {
  input: mode
    .exactOptional()
    .describe(
      'What is done with what is found in requests: `off`, `monitor` tells, `redact` puts placeholders in its place, `enforce` refuses.',
    ),
  output: mode.exactOptional().describe('The same for answers.'),
  detectors: z
    .record(detectorName, modes)
    .exactOptional()
    .describe(
      'Other modes for single detectors: `secrets`, `personal`, `injection`, a custom one, or a sidecar.',
    ),
}

const toolRule = z.strictObject({
  id: detectorName.describe('Its name in findings, and in what the model is told.'),
  action: z
    .enum(['deny', 'ask', 'allow'])
    .describe('`ask`: the model is told that the user has to do it. The first rule that fits decides.'),
  tools: z
    .array(text().max(200))
    .max(200)
    .exactOptional()
    .describe('Only these tools; `*` stands for any text.'),
  classes: z
    .array(z.enum(['destructive', 'egress', 'install', 'credentials']))
    .exactOptional()
    .describe(
      'Only calls that destroy, reach a host that is not allowed, install a package nobody spoke of, or send a secret away.',
    ),
  only_untrusted: z
    .boolean()
    .exactOptional()
    .describe('Only after something came into the conversation that others may have written.'),
})

const tools = z
  .strictObject({
    rules: z.array(toolRule).max(200).exactOptional().describe('In place of the rules that are built in.'),
    hosts: z
      .array(text().max(300))
      .max(5_000)
      .prefault([])
      .describe('Hosts that tools may reach and answers may point to: `github.com`, `*.example.org`.'),
    foreign: z
      .array(text().max(200))
      .max(500)
      .exactOptional()
      .describe('Tools whose answers others may have written; `*` stands for any text.'),
    folders: z
      .array(text().max(1_000))
      .max(100)
      .prefault([])
      .describe('Folders that an agent may change at will, beside the one that it works in.'),
  })
  .prefault({})

/** `firewall` of a route, and one of the overrides. */
export const firewallLayerSettings = z.strictObject(layer)

const override = z.strictObject({
  team: text().exactOptional().describe('Only exchanges of this team; `*` stands for any text.'),
  key: text()
    .exactOptional()
    .describe('Only exchanges of the key of this name or id; `*` stands for any text.'),
  ...layer,
})

const custom = z
  .strictObject({
    id: detectorName.describe('Its name in modes, findings and metrics.'),
    type: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{1,30}$/, 'a type is upper case: `PROJECT_NAME`')
      .describe('What placeholders call it.'),
    words: z
      .array(text().max(200))
      .max(10_000)
      .exactOptional()
      .describe('Found as whole words, in any case.'),
    pattern: linear.exactOptional().describe('A regular expression of RE2, which takes linear time.'),
  })
  .refine(({ words, pattern }) => (words === undefined) !== (pattern === undefined), {
    error: 'a detector has either words or a pattern',
  })

const allowed = z
  .strictObject({
    value: text().max(1_000).exactOptional().describe('Exactly this text.'),
    pattern: linear.exactOptional().describe('What this regular expression of RE2 matches as a whole.'),
    type: z.string().exactOptional().describe('Only as this type, such as `EMAIL`.'),
    detector: detectorName.exactOptional().describe('Only where this detector found it.'),
  })
  .refine(({ value, pattern }) => (value === undefined) !== (pattern === undefined), {
    error: 'an entry has either a value or a pattern',
  })

/** The `firewall` section. */
export const firewallSettings = z
  .strictObject({
    ...layer,
    input: mode.prefault('monitor').describe(layer.input.description ?? ''),
    output: mode.prefault('off').describe(layer.output.description ?? ''),
    secrets: z
      .enum(['one-way', 'reversible'])
      .prefault('one-way')
      .describe(
        'Are redacted secrets put back into answers and tool calls? Personal data always is. `one-way`: the client gets the placeholder.',
      ),
    personal_types: z
      .strictObject({
        on: z
          .array(text())
          .max(100)
          .prefault([])
          .describe('Types that are off by default: `IP_ADDRESS`, `MAC_ADDRESS`.'),
        off: z.array(text()).max(100).prefault([]).describe('Types that are not looked for.'),
      })
      .prefault({}),
    canary: z
      .boolean()
      .prefault(false)
      .describe(
        'A mark of the organisation’s is put at the end of system prompts, so that the detector `canary` sees an answer that gives the prompt away. Only where its output mode is not `off`.',
      ),
    overrides: z
      .array(override)
      .max(500)
      .prefault([])
      .describe('Other modes for teams and keys; of several that fit, the last one counts.'),
    custom: z.array(custom).max(100).prefault([]).describe('Detectors of your own.'),
    sidecars: sidecarsSettings,
    allow: z.array(allowed).max(1_000).prefault([]).describe('What may go through although it is found.'),
    tools: tools.describe(
      'What tool calls may do (detector `tools`) and where links and pictures of answers may point (`links`), in the output modes.',
    ),
    loops: z
      .strictObject({
        warn_after: wholeNumber(0, 1_000)
          .prefault(defaultLoopOptions.warnAt)
          .describe('The model is told in the tool’s answer after so many equal calls in a row; 0 = never.'),
        stop_after: wholeNumber(0, 1_000)
          .prefault(defaultLoopOptions.stopAt)
          .describe('The request is refused after so many; 0 = never.'),
        exempt: z
          .array(text().max(200))
          .max(200)
          .prefault([...defaultLoopOptions.exempt])
          .describe(
            'Tools that may say the same for ever, because they wait for something; `*` stands for any text.',
          ),
      })
      .prefault({})
      .describe('Agents that make the same tool call again and again with the same result.'),
    remembered: wholeNumber(0, 10_000_000)
      .prefault(50_000)
      .describe(
        'How many texts the gateway remembers the findings of: a history that is sent again costs little.',
      ),
  })
  .prefault({})
  .superRefine(({ personal_types }, context) => {
    for (const name of ['on', 'off'] as const) {
      for (const [index, type] of personal_types[name].entries()) {
        if (personalTypes.includes(type)) continue
        const message = `there is no type ${type}; there are ${personalTypes.join(', ')}`
        context.addIssue({ code: 'custom', message, path: ['personal_types', name, index] })
      }
    }
  })
  .superRefine(({ detectors, overrides, custom, sidecars }, context) => {
    const named = detectorNames({ custom, sidecars })
    const known = new Set<string>(named)
    const check = (names: PolicyLayer['detectors'], path: readonly (string | number)[]) => {
      for (const name of Object.keys(names ?? {})) {
        if (known.has(name)) continue
        const message = `no detector is called ${name}: there are ${[...known].join(', ')}`
        context.addIssue({ code: 'custom', message, path: [...path, 'detectors', name] })
      }
    }
    check(detectors, [])
    for (const [index, one] of overrides.entries()) check(one.detectors, ['overrides', index])
    for (const [name, list, first] of [
      ['custom', custom, detectorIds.length],
      ['sidecars', sidecars, detectorIds.length + custom.length],
    ] as const) {
      for (const [index, { id }] of list.entries()) {
        if (named.indexOf(id) === first + index) continue
        const message = `there is a detector ${id} already`
        context.addIssue({ code: 'custom', message, path: [name, index, 'id'] })
      }
    }
  })
  .register(settingMeta, { reloads: true, expects: 'settings such as `input: redact`' })
  .describe('What is looked for in requests and answers, and what is done about it.')

export type FirewallSettings = z.output<typeof firewallSettings>
