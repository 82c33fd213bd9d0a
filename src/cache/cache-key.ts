import { createHmac, type KeyObject } from 'node:crypto'
import type { GenerateRequest } from '../ir/index.ts'
import { canonicalJson } from './canonical-json.ts'
import { type CanonicalRequest, canonicalRequest } from './canonical-request.ts'
import type { CacheScope } from './policy.ts'
import { decidingHeaders, decidingParameters } from './what-decides.ts'

export interface CacheTenant {
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
  readonly key: string | null
}

export interface KeyQuestion {
  /** The organisation's, for digests. */
  readonly nameKey: KeyObject
  readonly tenant: CacheTenant
  readonly scope: CacheScope
  /** As it goes to the provider: edited, redacted. */
  readonly request: GenerateRequest
  readonly headers: Headers
  readonly query: URLSearchParams
  /** The rule that the model matched, and who may answer with what, in the order in which they are tried. */
  readonly route: string
  readonly targets: readonly { readonly provider: string; readonly model: string }[]
  /** What else of the gateway's own treatment changes what a client gets. */
  readonly treatment: readonly (string | boolean | null)[]
  /** Finds what was made of the same request before; absent, it is made anew. */
  readonly recall?: (make: () => RequestDigests) => RequestDigests
}

/** Digests of the sections that are read from the request alone, under the organisation's key. */
export type RequestDigests = Readonly<Record<keyof CanonicalRequest, string>>

export interface CacheKey {
  readonly organisation: string
  /** HMAC-SHA-256 under the organisation's key, hexadecimal: it says nothing to who has not the key. */
  readonly hash: string
  /** The first characters of the digests of its sections: requests with different keys differ in one of them. */
  readonly sections: Readonly<Record<KeySection, string>>
}

export const keySections = [
  'scope',
  'route',
  'system',
  'messages',
  'tools',
  'parameters',
  'headers',
  'treatment',
] as const

export type KeySection = (typeof keySections)[number]

/** Another number for another meaning of the same text: entries of before are not found any more. */
const version = 2

/**
 * Everything that decides an answer, and who may hear it. Undefined where the scope names somebody whom the key of the
 * client has not: nobody shares then.
 */
export const cacheKey = (question: KeyQuestion): CacheKey | undefined => {
  const { tenant, scope } = question
  const owner = scope === 'organisation' ? tenant.organisation : tenant[scope]
  if (owner === null) return undefined
  const digest = (text: string): string => createHmac('sha256', question.nameKey).update(text).digest('hex')
  const make = (): RequestDigests => {
    const { system, messages, tools, parameters } = canonicalRequest(question.request)
    return {
      system: digest(system),
      messages: digest(messages),
      tools: digest(tools),
      parameters: digest(parameters),
    }
  }
  const sections: Readonly<Record<KeySection, string>> = {
    scope: digest(canonicalJson([tenant.organisation, scope, owner])),
    route: digest(
      canonicalJson([question.route, question.targets.map(({ provider, model }) => [provider, model])]),
    ),
    ...(question.recall?.(make) ?? make()),
    headers: digest(canonicalJson([decidingHeaders(question.headers), decidingParameters(question.query)])),
    treatment: digest(canonicalJson(question.treatment)),
  }
  const digests = keySections.map((section) => sections[section])
  return {
    organisation: tenant.organisation,
    hash: digest(JSON.stringify(['tollgate answer', version, tenant.organisation, ...digests])),
    sections: Object.fromEntries(
      keySections.map((section) => [section, sections[section].slice(0, sectionLength)]),
    ) as Record<KeySection, string>,
  }
}

/** Enough to tell two requests apart. */
const sectionLength = 8
