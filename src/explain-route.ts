import { keyIdentity, type VirtualKey, type VirtualKeys, type Wanted } from './accounts/index.ts'
import type { AdminRoute, ExplainedTarget, RouteExplanation, RouteQuestion } from './admin/index.ts'
import { suggestion } from './config/index.ts'
import { GatewayError } from './errors.ts'
import { portNames } from './http/index.ts'
import { type Operation, operations, type ProtocolId, protocolIds, type WorkMode } from './ir/index.ts'
import { protocols } from './protocols/index.ts'
import type { Runtime } from './runtime.ts'
import { capableFirst, howServed, nativeFirst, preferredFirst, workModeOf } from './stages/attempts/index.ts'
import { type Demands, type Match, nearestNames, type Target } from './stages/match/index.ts'
import { toRouteRule } from './stages/route-settings.ts'
import type { RoutesSettings } from './stages/settings.ts'

type Parts = Pick<Runtime, 'settings' | 'routes' | 'catalog'>

/** The rules as they apply. */
export const adminRoutes = ({ settings }: Pick<Parts, 'settings'>): readonly AdminRoute[] =>
  settings.routes.map((written, index) => {
    const { match, name, targets, policy } = toRouteRule(written)
    return {
      number: index + 1,
      name: name ?? match[0] ?? '',
      match,
      when: whenOf(written),
      strategy: policy?.strategy ?? 'fallback',
      sticky: policy?.sticky ?? false,
      workMode: policy?.workMode ?? settings.work_mode,
      targets: targets.map(({ provider, model, weight }) => ({
        provider,
        model: model ?? null,
        weight: weight ?? 1,
      })),
    }
  })

/**
 * Asks the table that live requests ask, and says what would become of the request at each target.
 * @throws GatewayError `gateway_request_invalid` for an endpoint, port or key that there is not
 */
export const explainRoute = async (
  parts: Parts,
  keys: Pick<VirtualKeys, 'list'>,
  question: RouteQuestion,
): Promise<RouteExplanation> => {
  const { settings, routes } = parts
  const { model, at, headers, session } = question
  const { protocol, operation } = endpointOf(question.endpoint)
  const key = question.key === undefined ? undefined : keyIdentity(await findKey(keys, question.key))
  const may = (wanted: Wanted): boolean => key?.permits(wanted) ?? true
  const demands: Demands = {
    inputTokens: question.inputTokens,
    hasTools: question.tools,
    hasImages: question.images,
    wantsJsonSchema: false,
  }
  const { match, steps } = routes.explain({
    model,
    pinnedProvider: question.provider,
    operation,
    protocol,
    key: { id: key?.id ?? '', name: key?.name ?? '' },
    team: key?.tenant.team ?? null,
    headers,
    session: headers.get('x-tollgate-session') ?? session,
    demands: () => demands,
    at,
  })
  const workMode = workModeOf({
    key: key?.options.workMode,
    rule: match?.policy?.workMode,
    listener: question.port === undefined ? undefined : portModeOf(settings, question.port),
    gateway: settings.work_mode,
  })
  const isKnown = match !== undefined && match.targets.length > 0
  const allowed = match?.targets.filter((target) => may({ provider: target.provider.id })) ?? []
  const denied = match?.targets.filter((target) => !allowed.includes(target)) ?? []
  const targets = [
    ...explainTargets(
      parts,
      { ...(match ?? noMatch), targets: allowed },
      {
        protocol,
        operation,
        workMode,
        demands,
        prefer: key?.options.routing.prefer ?? [],
      },
    ),
    ...denied.map((target) => shown(target, { served: 'denied', protocol: null, capable: false })),
  ]
  const isAllowed = may({ model }) && may({ operation, protocol }) && (!isKnown || allowed.length > 0)
  return {
    model,
    protocol,
    operation,
    outcome: !isAllowed
      ? 'denied'
      : !isKnown
        ? 'unknown'
        : targets.some(({ served }) => asked.has(served))
          ? 'routed'
          : 'unserved',
    rule: match?.rule ?? null,
    strategy: key?.options.routing.strategy ?? match?.policy?.strategy ?? 'fallback',
    sticky: match?.policy?.sticky ?? match?.isOrdered === false,
    workMode,
    steps,
    targets,
    nearest: isKnown
      ? []
      : nearestNames(
          model,
          routes.names().filter((name) => may({ model: name })),
        ),
  }
}

const asked: ReadonlySet<ExplainedTarget['served']> = new Set(['untouched', 'translated', 'counted'])

const noMatch = { rule: '', targets: [], isOrdered: true }

interface Request {
  readonly protocol: ProtocolId
  readonly operation: Operation
  readonly workMode: WorkMode
  readonly demands: Demands
  /** Providers that the key wants to be tried first. */
  readonly prefer: readonly string[]
}

/** In the order of the attempts: those that can do what is asked, then the others; what is not asked comes last. */
const explainTargets = (
  { catalog }: Pick<Parts, 'catalog'>,
  match: Match,
  { protocol: client, operation, workMode, demands, prefer }: Request,
): readonly ExplainedTarget[] => {
  const services = match.targets.map((target) => ({
    target,
    ...howServed(workMode, target, operation, client),
  }))
  const choices = services.filter(({ served }) => asked.has(served))
  const { capable, others } = capableFirst(
    match.isOrdered ? choices : nativeFirst(choices, client),
    () => demands,
    catalog,
  )
  const rest = services.filter(({ served }) => !asked.has(served))
  return [...preferredFirst(capable, prefer), ...others, ...rest].map((one) =>
    shown(one.target, { served: one.served, protocol: one.protocol ?? null, capable: capable.includes(one) }),
  )
}

const shown = (
  { provider, model, weight }: Target,
  rest: Pick<ExplainedTarget, 'served' | 'protocol' | 'capable'>,
): ExplainedTarget => ({ provider: provider.id, model, weight: weight ?? 1, ...rest })

/** A protocol stands for what it is mostly asked; an operation for the first protocol that has it. */
const endpointOf = (
  name = 'openai-chat',
): { readonly protocol: ProtocolId; readonly operation: Operation } => {
  const named = protocolIds.find((id) => id === name)
  if (named !== undefined) {
    return { protocol: named, operation: serves(named, 'generate') ? 'generate' : 'embed' }
  }
  const operation = operations.find((one) => one === name)
  const protocol = operation && protocolIds.find((id) => serves(id, operation))
  if (operation !== undefined && protocol !== undefined) return { protocol, operation }
  throw new GatewayError(
    'gateway_request_invalid',
    `there is no endpoint ${name.slice(0, 50)}${suggestion(name, [...protocolIds, ...operations])}: name a protocol such as openai-chat, or an operation such as embed`,
    { param: 'endpoint' },
  )
}

const portModeOf = (
  { listen: { mode, work_modes } }: Parts['settings'],
  named: string,
): WorkMode | undefined => {
  const port = portNames.find((name) => name === named)
  if (port !== undefined && mode === 'multi') return work_modes[port]
  throw new GatewayError(
    'gateway_request_invalid',
    mode === 'single'
      ? 'ports have no names with `listen.mode: single`: leave the port out'
      : `there is no port ${named.slice(0, 50)}${suggestion(named, portNames)}: known are ${portNames.join(', ')}`,
    { param: 'port' },
  )
}

const serves = (protocol: ProtocolId, operation: Operation): boolean =>
  protocols[protocol].endpoints.some((endpoint) => endpoint.operation === operation)

const pageOfKeys = 500

const findKey = async (keys: Pick<VirtualKeys, 'list'>, named: string): Promise<VirtualKey> => {
  let after: string | undefined
  for (;;) {
    const page = await keys.list({ live: true, limit: pageOfKeys, ...(after === undefined ? {} : { after }) })
    const found = page.find(({ id, name }) => id === named || name === named)
    if (found !== undefined) return found
    after = page.at(-1)?.id
    if (page.length < pageOfKeys || after === undefined) {
      throw new GatewayError(
        'gateway_request_invalid',
        `there is no virtual key ${named.slice(0, 100)}: \`tgw keys list\` shows them`,
        { param: 'key' },
      )
    }
  }
}

/** As the operator would write it. */
const whenOf = ({ when }: RoutesSettings[number]): AdminRoute['when'] => {
  if (when === undefined) return null
  const { hours, ...rest } = when
  return {
    ...rest,
    ...(hours === undefined
      ? {}
      : { hours: { ...hours, from: timeOfDay(hours.from), to: timeOfDay(hours.to) } }),
  }
}

const timeOfDay = (minutes: number): string =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':')
