import { createDraft, type Draft } from '../draft.ts'
import { addLimit } from '../limit-line.ts'
import { readYamlSource } from '../read-yaml-source.ts'
import { openSection, type Section } from '../section.ts'
import { addSaidBudget } from './budgets.ts'
import { readDeployment } from './deployment.ts'
import { placeDeployments } from './providers.ts'
import { type RouterFacts, readRouter } from './router.ts'
import { writeRoutes } from './routes.ts'
import { readValues } from './values.ts'

/**
 * LiteLLM's proxy configuration (`config.yaml`).
 *
 * Read for this, github.com/BerriAI/litellm: `docs/my-website/docs/proxy/config_settings.md` (all settings and their
 * types), `configs.md` (`model_list`, `os.environ/`, `credential_list`, load balancing by `rpm`/`tpm`, wildcards, several
 * organizations), `litellm/types/router.py` (fields of a deployment and of the router), and docs.litellm.ai
 * `proxy/provider_budget_routing` and `proxy/budget_reset_and_tz` (budgets and when they begin anew), `proxy/reliability`
 * and `routing` (fallbacks, `order`, `weight`, cooldowns); read 2026-11.
 */
export const convertLitellm = (text: string, file: string): Draft => {
  const draft = createDraft()
  const { root, repeated } = readYamlSource(text, file)
  for (const line of repeated) {
    draft.leave({ line, path: '' }, 'the key is said again in this section; the last one counts')
  }
  const all = openSection({ value: root, line: 1, path: '' }, draft)
  const values = readValues(all, draft)
  const module = all.section('litellm_settings')
  const facts = readRouter(all.section('router_settings'), module, values, draft)
  takeModule(draft, module, facts)
  takeGeneral(draft, all.section('general_settings'))
  const deployments = all.list('model_list').flatMap((item) => readDeployment(item, values, draft))
  writeRoutes(draft, placeDeployments(deployments, prefixesOf(deployments), draft), facts)
  const anchors = all.keys.filter((key) => key.startsWith('x-') || key.startsWith('.'))
  all.leaveRest({
    ...sections,
    ...Object.fromEntries(anchors.map((key) => [key, 'only holds what others refer to'])),
  })
  return draft
}

/** What models begin with that are not asked for at a provider of that very name: it would pin them. */
const prefixesOf = (
  deployments: readonly {
    readonly group: { readonly value: string }
    readonly model: string
    readonly endpoint: { readonly kind: string }
  }[],
): ReadonlySet<string> =>
  new Set(
    deployments.flatMap(({ group: { value }, model, endpoint }) => {
      const slash = value.indexOf('/')
      const first = value.slice(0, Math.max(0, slash))
      const isItself = value.slice(slash + 1) === model && first === endpoint.kind
      return slash <= 0 || isItself ? [] : [first]
    }),
  )

const takeModule = (draft: Draft, module: Section | undefined, { timezone }: RouterFacts): void => {
  if (module === undefined) return
  const drop = module.truth('drop_params')
  if (drop !== undefined) {
    draft.same(drop, 'what a provider cannot be told is dropped with a warning; `strict` of a key refuses it')
  }
  const verbose = module.truth('set_verbose')
  if (verbose?.value === true) draft.set(['telemetry', 'log', 'level'], 'debug', verbose)
  const json = module.truth('json_logs')
  if (json !== undefined) draft.same(json, 'log files are JSON')
  const whom = { level: 'global', ...(timezone === undefined ? {} : { timezone }) } as const
  addSaidBudget(draft, whom, module.decimal('max_budget'), module.text('budget_duration'))
  module.leaveRest(moduleReasons)
}

const takeGeneral = (draft: Draft, general: Section | undefined): void => {
  if (general === undefined) return
  const parallel = general.whole('global_max_parallel_requests')
  if (parallel !== undefined)
    addLimit(draft, { for: { level: 'global' }, window: 'concurrent', value: parallel.value }, parallel)
  const size = general.whole('max_request_size_mb')
  if (size !== undefined) draft.set(['listen', 'max_body'], `${size.value}MB`, size)
  general.leaveRest(generalReasons)
}

const callbacks = 'metrics are at `/metrics`, traces go to `telemetry.tracing.endpoint`, events to `hooks`'
const noCache = 'this release does not keep answers'
const moduleReasons: Readonly<Record<string, string>> = {
  success_callback: callbacks,
  failure_callback: callbacks,
  callbacks,
  service_callbacks: callbacks,
  langfuse_default_tags: callbacks,
  turn_off_message_logging: 'no prompt and no answer is logged here anyhow',
  redact_user_api_key_info: callbacks,
  redact_messages_in_exceptions: 'no prompt and no answer is logged here anyhow',
  cache: noCache,
  cache_params: noCache,
  content_policy_fallbacks: 'an answer that a provider refuses to give is the client’s here',
  modify_params: 'requests are changed only where the provider’s protocol wants it',
  force_ipv4: 'the system chooses between IPv4 and IPv6',
  ssl_verify: 'certificates are always checked: `ca_file` names more authorities',
  default_internal_user_params: 'say it when you create users and keys',
  default_team_settings: 'say it when you create teams and keys',
  max_internal_user_budget: 'say a budget per user under `budgets`',
  internal_user_budget_duration: 'say a budget per user under `budgets`',
  upperbound_key_generate_params: 'roles say who may create keys',
  key_generation_settings: 'roles say who may create keys',
  guardrails: 'belongs to the section `firewall`',
  mcp_aliases: 'tools stay with the client here',
}

const alerts = 'events go to webhooks and programs: write a line under `hooks`'
const ownDatabase =
  'holds LiteLLM’s own tables, which cannot be read here: set `database.url` to an empty database, or leave it'
const generalReasons: Readonly<Record<string, string>> = {
  master_key: 'the admin token is made at the first start; clients get virtual keys: `tgw keys create`',
  salt_key: 'the master key of the vault is made at the first start',
  database_url: ownDatabase,
  database_connection_pool_limit: 'the pool looks after itself here',
  database_connection_timeout: 'the pool looks after itself here',
  store_model_in_db:
    'models and routes stand in the configuration; what is in the database must be carried over by hand',
  alerting: alerts,
  alerting_threshold: alerts,
  alert_types: alerts,
  alert_to_webhook_url: alerts,
  alerting_args: alerts,
  spend_report_frequency: 'ask with `tgw usage`',
  allowed_ips: 'is said per virtual key here',
  allowed_routes: 'is said per virtual key here',
  use_x_forwarded_for: 'name the proxies in `listen.trusted_proxies`',
  max_parallel_requests: 'say it per model or key under `limits`',
  completion_model: 'clients name the model here; `default_fallback` answers for names that nobody knows',
  pass_through_endpoints: 'only the operations of the four protocols are served',
  custom_auth: 'clients come with virtual keys',
  enable_jwt_auth: 'clients come with virtual keys',
  litellm_jwtauth: 'clients come with virtual keys',
  litellm_key_header_name: 'keys come where the vendors’ SDKs put them',
  background_health_checks: 'providers are judged by their answers here, not by requests of ours',
  health_check_interval: 'providers are judged by their answers here, not by requests of ours',
  store_prompts_in_spend_logs: 'the ledger holds no prompts',
  disable_spend_logs: 'the ledger is always kept',
  forward_client_headers_to_llm_api: 'what the protocol knows is passed on by itself',
  proxy_batch_write_at: 'the ledger is written at once',
  ui_access_mode: 'roles say who may do what',
}

const sections: Readonly<Record<string, string>> = {
  guardrails: 'belongs to the section `firewall`',
  callback_settings: callbacks,
  mcp_servers: 'tools stay with the client here',
  mcp_tools: 'tools stay with the client here',
  vector_store_registry: 'the gateway searches no documents',
  files_settings: 'files are not served here',
  finetune_settings: 'fine-tunes are not served here',
  assistant_settings: 'assistants are not served here',
  prompts: 'no sentence of ours enters a prompt',
  include: 'convert each file, and put what they give together',
}
