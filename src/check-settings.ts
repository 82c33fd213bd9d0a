import { type CheckFinding, type Environment, type SettingPath, suggestion } from './config/index.ts'
import { detectorNames } from './firewall/settings.ts'
import { checkHooks } from './hooks/check-hooks.ts'
import { isLoopbackHost, listenSettings, portNames } from './http/settings.ts'
import { checkProviders } from './providers/check-providers.ts'
import { type BuiltInProviderId, builtInProviderIds, providerKeyVariables } from './providers/settings.ts'
import { providerKeys, usableProviders } from './providers/usable-providers.ts'
import { type Settings, workerCount } from './settings.ts'

/** Rules between settings. `env` decides which built-in providers are on. */
export const checkSettings = (settings: Settings, env: Environment): readonly CheckFinding[] => [
  ...checkListen(settings),
  ...checkProviders(settings.providers),
  ...checkKeys(settings, env),
  ...checkRoutes(settings, env),
  ...checkAliases(settings),
  ...checkRouteDetectors(settings),
  ...checkHooks(settings.hooks),
  ...checkWorkers(settings),
  ...checkCache(settings, env),
]

const error = (path: SettingPath, message: string): CheckFinding => ({ level: 'error', path, message })
const warning = (path: SettingPath, message: string): CheckFinding => ({ level: 'warning', path, message })

const checkWorkers = (settings: Settings): readonly CheckFinding[] =>
  settings.database.url === 'sqlite::memory:' && workerCount(settings) > 1
    ? [error(['workers'], 'must be 1 with a database in memory, which belongs to one process')]
    : []

const checkCache = (settings: Settings, env: Environment): readonly CheckFinding[] => {
  const { cache, redis, routes } = settings
  const found: CheckFinding[] = []
  if (cache.backend === 'redis' && redis.url === undefined)
    found.push(error(['cache', 'backend'], 'can be `redis` only where `redis.url` names one'))
  if (cache.similar.index === 'redis-vector-sets' && cache.backend !== 'redis')
    found.push(
      error(
        ['cache', 'similar', 'index'],
        'can be `redis-vector-sets` only with `cache.backend: redis`: questions and answers lie at the same place',
      ),
    )
  if (cache.semantic === 'on' && cache.exact === 'off')
    found.push(error(['cache', 'semantic'], 'needs `exact: on`: that is where answers are kept'))
  const { embeddings, judge } = cache.similar
  const wanting: readonly SettingPath[] = [
    ...(cache.semantic === 'on' ? [['cache', 'semantic']] : []),
    ...routes.flatMap(({ cache: layer }, index) =>
      typeof layer === 'object' && layer.semantic === 'on' ? [['routes', index, 'cache', 'semantic']] : [],
    ),
  ]
  if (embeddings === undefined)
    for (const path of wanting)
      found.push(error(path, 'needs `cache.similar.embeddings`: a provider and a model that make them'))
  const check = checkProvider(settings, env)
  if (embeddings !== undefined)
    found.push(...check(embeddings.provider, ['cache', 'similar', 'embeddings', 'provider']))
  if (typeof judge === 'object')
    found.push(...check(judge.provider, ['cache', 'similar', 'judge', 'provider']))
  return found
}

const checkListen = ({ auth, listen }: Settings): readonly CheckFinding[] => {
  const found: CheckFinding[] = []
  if (auth === 'off' && !isLoopbackHost(listen.host)) {
    found.push(
      error(['auth'], '`off` is possible only where `listen.host` is a loopback address such as 127.0.0.1'),
    )
  }
  const defaults = listenSettings.parse(undefined)
  if (listen.mode === 'single') {
    for (const section of ['ports', 'endpoints'] as const) {
      for (const name of portNames) {
        const same = Bun.deepEquals(listen[section][name], defaults[section][name])
        // The variable for the port sets both, whatever the mode.
        if (same || (section === 'ports' && listen.ports[name] === listen.port)) continue
        found.push(warning(['listen', section, name], 'has no effect with `mode: single`'))
      }
    }
    for (const name of portNames) {
      if (listen.work_modes[name] === undefined) continue
      found.push(
        warning(['listen', 'work_modes', name], 'has no effect with `mode: single`; set `work_mode`'),
      )
    }
    return found
  }
  if (listen.port !== defaults.port && listen.port !== listen.ports.facade) {
    found.push(warning(['listen', 'port'], 'has no effect with `mode: multi`; set `listen.ports.facade`'))
  }
  const open = portNames.filter((name) => listen.endpoints[name].length > 0)
  for (const [index, name] of open.entries()) {
    const port = listen.ports[name]
    const other = open.slice(0, index).find((earlier) => port !== 0 && listen.ports[earlier] === port)
    if (other !== undefined)
      found.push(error(['listen', 'ports', name], `is the port of \`${other}\` already`))
  }
  if (!open.some((name) => listen.endpoints[name].includes('admin'))) {
    found.push(
      warning(['listen', 'endpoints'], 'leaves out `admin`: admin API, console and metrics are on no port'),
    )
  }
  return found
}

const checkRouteDetectors = ({ routes, firewall }: Settings): readonly CheckFinding[] => {
  const known = detectorNames(firewall)
  return routes.flatMap((route, at) =>
    Object.keys(route.firewall?.detectors ?? {}).flatMap((name) =>
      known.includes(name)
        ? []
        : [
            error(
              ['routes', at, 'firewall', 'detectors', name],
              `no detector is called ${name}: there are ${known.join(', ')}`,
            ),
          ],
    ),
  )
}

const checkKeys = ({ providers }: Settings, env: Environment): readonly CheckFinding[] =>
  Object.entries(usableProviders(providers, env)).flatMap(([name, provider]) => {
    const names = providerKeyVariables[provider.kind]
    if (names === undefined || provider.api_key !== undefined || providerKeys(provider).length > 0) return []
    const message = `names no key: unless the vault holds one (\`tgw credentials add ${name}\`), set \`api_key\` or ${names.join(' or ')}`
    return [warning(['providers', name], message)]
  })

/** What is wrong with the name of a provider, and where. */
const checkProvider = (settings: Settings, env: Environment) => {
  const usable = usableProviders(settings.providers, env)
  return (name: string, path: SettingPath): readonly CheckFinding[] => {
    if (Object.hasOwn(usable, name)) return []
    if (Object.hasOwn(settings.providers, name))
      return [warning(path, `names the provider \`${name}\`, which is turned off`)]
    return [error(path, unknownProvider(name, Object.keys({ ...settings.providers, ...usable })))]
  }
}

const checkRoutes = (settings: Settings, env: Environment): readonly CheckFinding[] => {
  const check = checkProvider(settings, env)
  const prices = settings.prices.flatMap(({ provider }, index) =>
    provider === undefined || isBuiltIn(provider) || Object.hasOwn(settings.providers, provider)
      ? []
      : [
          error(
            ['prices', index, 'provider'],
            unknownProvider(provider, [...Object.keys(settings.providers), ...builtInProviderIds]),
          ),
        ],
  )
  return [
    ...settings.routes.flatMap((route, at) =>
      route.targets.flatMap((target, index) =>
        check(target.provider, ['routes', at, 'targets', index, 'provider']),
      ),
    ),
    ...settings.routes.flatMap(({ shadow }, at) =>
      shadow === undefined ? [] : check(shadow.provider, ['routes', at, 'shadow', 'provider']),
    ),
    ...settings.audit.canaries.flatMap(({ provider }, at) =>
      check(provider, ['audit', 'canaries', at, 'provider']),
    ),
    ...(settings.default_fallback === undefined
      ? []
      : check(settings.default_fallback.provider, ['default_fallback'])),
    ...prices,
  ]
}

const unknownProvider = (name: string, known: readonly string[]): string => {
  const [provider, ...model] = name.split('/')
  if (model.length > 0) return `write the target as \`{ provider: ${provider}, model: ${model.join('/')} }\``
  const variables = isBuiltIn(name) ? providerKeyVariables[name] : undefined
  if (variables !== undefined) {
    return `names the provider \`${name}\`, which has no key: set ${variables.join(' or ')}, or configure it under \`providers\``
  }
  return `names the provider \`${name}\`, which is not configured${suggestion(name, known)}`
}

const isBuiltIn = (name: string): name is BuiltInProviderId => builtInProviderIds.some((id) => id === name)

const checkAliases = ({ aliases }: Settings): readonly CheckFinding[] =>
  Object.entries(aliases).flatMap(([name, model]) => {
    const message = aliasWarning(name, model, aliases)
    return message === undefined ? [] : [warning(['aliases', name], message)]
  })

/** What is odd about an alias among the others; undefined for nothing. */
export const aliasWarning = (
  name: string,
  model: string,
  aliases: Readonly<Record<string, string>>,
): string | undefined => {
  if (name === model) return 'stands for itself and has no effect'
  return Object.hasOwn(aliases, model)
    ? `stands for \`${model}\`, itself an alias; aliases are resolved once, so that name is asked for`
    : undefined
}
