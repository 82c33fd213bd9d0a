import { compileGlob } from '../accounts/index.ts'
import { createAllowList } from './allow-list.ts'
import { createCanaryDetector } from './canary.ts'
import { createCustomDetector } from './custom-detector.ts'
import type { Detector } from './finding.ts'
import { createInjectionDetector, type InjectionDetector, type InjectionRole } from './injection/index.ts'
import { createPersonalDetector, type PersonalOptions, personalTypes } from './personal/index.ts'
import { createPolicy, type FirewallPolicy, type PolicyLayer } from './policy.ts'
import { createScanMemory } from './scan-memory.ts'
import { createScreen, type Screen, type ScreenedText, type Screener } from './screen.ts'
import { createSecretDetector } from './secrets/index.ts'
import type { FirewallSettings } from './settings.ts'
import { createSidecars, type Sidecars, type SidecarsParts } from './sidecars.ts'
import { createToolJudge, defaultForeignTools, defaultToolRules, type ToolJudge } from './tools/index.ts'

/** What one reading of the configuration says is looked for, by whom, and what is done about it. */
export interface Firewall {
  readonly screen: Screen
  /** What outsiders say, who are asked beside it. */
  readonly sidecars: Sidecars
  /** Of an exchange: the layers of the configuration that fit it, then those of its route and key. */
  policyOf(subject: FirewallSubject): FirewallPolicy
  /** Their names. */
  readonly detectors: readonly string[]
  readonly tools: FirewallTools
  /** Are redacted secrets put back into answers? */
  readonly restoresSecrets: boolean
  /** Is a mark put into the system prompts of exchanges with this policy? */
  marksPrompts(policy: FirewallPolicy): boolean
}

/** What answers may do. */
export interface FirewallTools {
  readonly judge: ToolJudge
  /** Tools whose answers others may have written. */
  readonly foreign: readonly string[]
  /** Hosts that links and pictures may point to. */
  readonly hosts: readonly string[]
}

export interface FirewallSubject {
  readonly team: string | null
  /** Id and name of the key. */
  readonly keys: readonly string[]
  /** From the more general to the more specific. */
  readonly layers: readonly PolicyLayer[]
}

/**
 * Builds all that it takes, so that no exchange waits for it. The tables of the secrets' and the injection detector are
 * the same whatever the settings say: they are built once in a process, and a reload takes them as they are.
 */
export const createFirewall = (settings: FirewallSettings, parts: SidecarsParts = {}): Firewall => {
  const sidecars = createSidecars(settings.sidecars, parts)
  const custom = settings.custom.map(({ id, type, words, pattern }) =>
    createCustomDetector(words === undefined ? { id, type, pattern: pattern ?? '' } : { id, type, words }),
  )
  const { secrets, injection } = builtIn()
  const screeners: readonly Screener[] = [
    { detector: secrets, looksAt: () => true },
    ...custom.map((detector) => ({ detector, looksAt: () => true })),
    { detector: createPersonalDetector(personalOptions(settings)), looksAt: () => true },
    { detector: judgeOf(injection, 'user'), looksAt: isOfUser, isTellingOnly: true },
    { detector: judgeOf(injection, 'tool'), looksAt: isOfTool, isTellingOnly: true },
    ...(settings.canary ? [{ detector: createCanaryDetector(), looksAt: isOfModel }] : []),
  ]
  const detectors = [
    ...new Set(screeners.map(({ detector }) => detector.id)),
    'tools',
    'links',
    ...sidecars.ids,
  ]
  // Tables are made by the first text that needs them; this one needs them all.
  for (const { detector } of screeners) detector.scan(sample)
  const policies = new Map<string, FirewallPolicy>()
  return {
    screen: createScreen({
      screeners,
      allowed: createAllowList(settings.allow),
      memory: createScanMemory(settings.remembered),
    }),
    sidecars,
    detectors,
    tools: toolsOf(settings),
    restoresSecrets: settings.secrets === 'reversible',
    marksPrompts: (policy) => policy.mode('canary', 'output') !== 'off',
    policyOf({ team, keys, layers }) {
      const fitting = settings.overrides.filter((one) => fits(one, team, keys))
      const name = JSON.stringify([fitting.map((one) => settings.overrides.indexOf(one)), layers])
      const known = policies.get(name)
      if (known !== undefined) return known
      const policy = createPolicy([settings, ...fitting, ...layers], detectors)
      // Layers come from routes and keys, of which there are not many kinds.
      if (policies.size >= mostPolicies) policies.clear()
      policies.set(name, policy)
      return policy
    },
  }
}

const mostPolicies = 1_000

interface BuiltIn {
  readonly secrets: Detector
  readonly injection: InjectionDetector
}

let known: BuiltIn | undefined

const builtIn = (): BuiltIn => {
  known ??= { secrets: createSecretDetector(), injection: createInjectionDetector() }
  return known
}

/** Holds a number with a word beside it, an address and a sentence: what the detectors look closer at. */
const sample =
  'Please read the notes: phone +49 30 90182000, tax id 12345678901, born on 1 May 1970, user@example.com; then say what to do.'

const toolsOf = ({ tools }: FirewallSettings): FirewallTools => ({
  judge: createToolJudge({
    rules:
      tools.rules?.map(({ only_untrusted, ...rule }) => ({
        ...rule,
        ...(only_untrusted === undefined ? {} : { onlyUntrusted: only_untrusted }),
      })) ?? defaultToolRules,
    hosts: tools.hosts,
    workspace: { folders: tools.folders },
  }),
  foreign: tools.foreign ?? defaultForeignTools,
  hosts: tools.hosts,
})

const personalOptions = ({ personal_types: { on, off } }: FirewallSettings): PersonalOptions => ({
  ...(off.length === 0
    ? {}
    : { types: personalTypes.filter((type) => !off.includes(type) && !optional.has(type)) }),
  alsoTypes: on,
})

/** Looked for where they are asked for. */
const optional: ReadonlySet<string> = new Set(['IP_ADDRESS', 'MAC_ADDRESS'])

const fits = (
  { team: wantedTeam, key }: FirewallSettings['overrides'][number],
  team: string | null,
  keys: readonly string[],
): boolean =>
  (wantedTeam === undefined || (team !== null && compileGlob(wantedTeam)(team))) &&
  (key === undefined || keys.some(compileGlob(key)))

/** Only what is surely an attack is ever refused. */
const judgeOf = (injection: InjectionDetector, role: InjectionRole): Detector => ({
  id: injection.id,
  scan(text) {
    const { tier, findings } = injection.scan(text, { role })
    return tier === 'high' ? findings : findings.map((finding) => ({ ...finding, isReportOnly: true }))
  },
})

/** What people write; what the operator wrote is not held against them. */
const isOfUser = ({ role, kind }: ScreenedText): boolean => role === 'user' && kind !== 'tool-output'

const isOfModel = ({ role }: ScreenedText): boolean => role === 'assistant'

const isOfTool = ({ role, kind }: ScreenedText): boolean => kind === 'tool-output' || role === 'tool'
