import { printableKey } from '../../config/index.ts'
import { type Draft, variableName } from '../draft.ts'
import { openSection, type Section, textOf } from '../section.ts'
import type { Place, Said, SourceNode } from '../source-node.ts'
import { type Price, readPrices } from './prices.ts'
import type { KeySource, Values } from './values.ts'
import { type NamedModel, readModel } from './vendors.ts'

/** Where a deployment's requests go; equal ones are one provider here. */
export interface Endpoint {
  readonly kind: NamedModel['vendor']['kind']
  readonly prefix: string
  readonly baseUrl?: string
  readonly apiVersion?: string
  readonly key: KeySource
  readonly organization?: string
  readonly headers: Readonly<Record<string, string>>
  /** Seconds. */
  readonly timeout?: string
}

/** One item of `model_list`. */
export interface Deployment {
  /** `model_name`: what clients ask for. */
  readonly group: Said<string>
  /** As the provider calls it. */
  readonly model: string
  /** The model behind an Azure deployment. */
  readonly baseModel?: string
  readonly endpoint: Endpoint
  readonly from: Place
  readonly weight?: Said<string>
  readonly order?: Said<number>
  readonly requestsPerMinute?: Said<number>
  readonly tokensPerMinute?: Said<number>
  readonly inputTokensPerMinute?: Said<number>
  readonly outputTokensPerMinute?: Said<number>
  readonly concurrent?: Said<number>
  readonly budget?: Said<string>
  readonly budgetDuration?: Said<string>
  readonly tries?: Said<number>
  readonly prices: readonly Price[]
}

/** Undefined for what cannot be asked here; the reason is in the notes then. */
export const readDeployment = (
  item: Said<SourceNode>,
  values: Values,
  draft: Draft,
): readonly Deployment[] => {
  const section = openSection(item, draft)
  const group = section.text('model_name')
  const node = section.node('litellm_params')
  if (group === undefined || node === undefined) {
    draft.leave(section, `has no \`${group === undefined ? 'model_name' : 'litellm_params'}\``)
    return []
  }
  const params = openSection(values.withCredential(node), draft)
  const info = section.section('model_info')
  const name = params.text('model')
  const custom = params.text('custom_llm_provider')
  if (name === undefined) {
    draft.leave(params, 'has no `model`')
    return []
  }
  const mode = info?.text('mode')
  if (mode !== undefined && !servedModes.has(mode.value)) {
    draft.leave(mode, `\`${printableKey(mode.value)}\` is nothing that this release serves`)
    return []
  }
  if (name.value === '*') {
    draft.same(
      name,
      'every provider whose key is configured, or in its usual variable, answers for its models',
    )
    return []
  }
  const named = readModel(name.value, custom?.value)
  if (named === undefined) {
    draft.leave(name, `no provider here speaks to \`${prefixOf(name.value, custom?.value)}\``)
    return []
  }
  const found = readEndpoints(params, named, values, draft)
  const deployments = found.map(
    (endpoint): Deployment => ({
      group,
      model: named.model,
      endpoint,
      from: name,
      prices: readPrices(params, info, draft),
      ...optional('baseModel', named.vendor.kind === 'azure-openai' ? baseModel(info) : undefined),
      ...optional('weight', params.decimal('weight')),
      ...optional('order', params.whole('order')),
      ...optional('requestsPerMinute', params.whole('rpm') ?? section.whole('rpm')),
      ...optional('tokensPerMinute', params.whole('tpm') ?? section.whole('tpm')),
      ...optional('inputTokensPerMinute', params.whole('itpm')),
      ...optional('outputTokensPerMinute', params.whole('otpm')),
      ...optional('concurrent', params.whole('max_parallel_requests')),
      ...optional('budget', params.decimal('max_budget')),
      ...optional('budgetDuration', params.text('budget_duration')),
      ...optional('tries', params.whole('max_retries') ?? params.whole('num_retries')),
    }),
  )
  if (found.length > 0) {
    params.leaveRest(parameterReasons)
    info?.leaveRest(infoReasons)
  }
  section.leaveRest({})
  return deployments
}

const servedModes = new Set(['chat', 'completion', 'responses', 'embedding'])

const prefixOf = (name: string, custom: string | undefined): string =>
  printableKey(custom ?? name.split('/')[0] ?? '')

const baseModel = (info: Section | undefined): string | undefined =>
  info?.text('base_model')?.value.replace(/^azure\//, '')

const readEndpoints = (
  params: Section,
  { vendor, prefix }: NamedModel,
  values: Values,
  draft: Draft,
): readonly Endpoint[] => {
  const base = params.text('api_base') ?? params.text('base_url')
  const written = base === undefined ? undefined : values.text(base)
  const isOwn = written === undefined || vendor.hosts?.includes(URL.parse(written)?.host ?? '') === true
  const kind = isOwn ? vendor.kind : (vendor.elsewhere ?? vendor.kind)
  const isAzure = kind === 'azure-openai'
  if (kind === 'openai-compatible' && written === undefined) {
    draft.leave(params, 'has no `api_base`, and the provider no address that is known here')
    return []
  }
  const key = params.text('api_key')
  const version = params.text('api_version')
  const timeout = params.decimal('timeout')
  const address = written === undefined ? (isAzure ? draft.refer('AZURE_API_BASE') : undefined) : written
  const endpoint: Endpoint = {
    kind,
    prefix,
    key: key === undefined ? usualKey(vendor.keyVariable, isOwn || isAzure) : values.key(key),
    headers: readHeaders(params, values),
    ...(address === undefined || (isOwn && !isAzure) ? {} : { baseUrl: withBase(vendor.base, address) }),
    ...(isAzure
      ? { apiVersion: version === undefined ? draft.refer('AZURE_API_VERSION') : values.text(version) }
      : {}),
    ...(timeout === undefined ? {} : { timeout: timeout.value }),
  }
  const organizations = isAzure ? [] : readOrganizations(params, values)
  if (organizations.length === 0) return [endpoint]
  return organizations.map((organization) => ({ ...endpoint, organization }))
}

/** A reference cannot be rewritten; the schema says what its value must be. */
const withBase = (base: ((text: string) => string) | undefined, text: string): string =>
  base === undefined || text.startsWith('${') ? text : base(text)

const usualKey = (variable: string | undefined, isOwn: boolean): KeySource =>
  variable === undefined || !isOwn ? { type: 'none' } : { type: 'variable', name: variable }

const readOrganizations = (params: Section, values: Values): readonly string[] => {
  const found = params.node('organization')
  if (found === undefined) return []
  const { content } = found.value
  const nodes = content.type === 'list' ? content.items : [found.value]
  return nodes.flatMap((node) => {
    const value = textOf(node)
    return value === undefined ? [] : [values.text({ ...found, value })]
  })
}

const readHeaders = (params: Section, values: Values): Readonly<Record<string, string>> => {
  const headers = params.section('extra_headers')
  return Object.fromEntries(
    (headers?.keys ?? []).flatMap((name) => {
      const value = headers?.text(name)
      if (value === undefined) return []
      // Nobody can tell a secret from another word.
      return [[name, values.hidden(value, `HEADER_${variableName(name)}`)] as const]
    }),
  )
}

const optional = <K extends string, V>(key: K, value: V | undefined): { readonly [k in K]?: V } =>
  // One key of a known name: the compiler cannot see that through `[key]`.
  value === undefined ? {} : ({ [key]: value } as { readonly [k in K]?: V })

const written = 'the gateway writes no parameters into requests: set it in the client'
const cloud = 'belongs to a cloud that no provider here speaks to'
const keyed = 'is said per virtual key here'
const parameterReasons: Readonly<Record<string, string>> = {
  temperature: written,
  top_p: written,
  max_tokens: written,
  max_completion_tokens: written,
  seed: written,
  stop: written,
  stream: written,
  extra_body: written,
  reasoning_effort: written,
  thinking: written,
  frequency_penalty: written,
  presence_penalty: written,
  stream_timeout: 'the first byte has one limit here, streamed or not: `timeouts.first_byte`',
  drop_params: 'what a provider cannot be told is dropped with a warning here; `strict` of a key refuses it',
  allowed_openai_params: written,
  tags: 'conditions are said per rule here: `when`',
  mock_response: 'the provider `loopback` answers without a vendor',
  azure_ad_token: 'Azure is asked with an API key here',
  tenant_id: 'Azure is asked with an API key here',
  client_id: 'Azure is asked with an API key here',
  client_secret: 'Azure is asked with an API key here',
  litellm_credential_name: 'the file has no credential of that name',
  configurable_clientside_auth_params: 'clients never choose the address of a provider here',
  use_in_pass_through: 'the gateway passes through by itself where client and provider speak alike',
  merge_reasoning_content_in_choices: 'answers are not rewritten',
  region_name: cloud,
  default_api_key_rpm_limit: keyed,
  default_api_key_tpm_limit: keyed,
  cooldown_time: 'is one setting for all here: `circuits.open_for`',
  fallbacks: 'targets of a rule take over for each other: see `routes`',
}

const known = 'the catalogue says what a model can do'
const infoReasons: Readonly<Record<string, string>> = {
  id: 'targets have no ids here',
  base_model: 'name the model under `prices`, where it has a price of its own',
  max_tokens: known,
  max_input_tokens: known,
  max_output_tokens: known,
  supports_vision: known,
  supports_function_calling: known,
  supports_tool_choice: known,
  supports_response_schema: known,
  supports_prompt_caching: known,
  supports_reasoning: known,
  litellm_provider: known,
  description: 'is for people',
  version: 'is for people',
  access_groups: 'which models a key may use is said in its scopes: `tgw keys create --models`',
  supported_environments: 'use `TGW_PROFILE` and a file for each profile',
  health_check_model: 'providers are judged by their answers here, not by requests of ours',
  disable_background_health_check: 'providers are judged by their answers here, not by requests of ours',
  team_id: 'which models a key may use is said in its scopes',
}
