/**
 * The imports table of docs/architecture.md, as rules. A folder may import the listed ones, itself, errors.ts and
 * libraries; `config` is open to the settings.ts of every folder.
 */
const table = {
  ir: [],
  wire: [],
  telemetry: [],
  storage: [],
  state: [],
  config: [],
  egress: [],
  hooks: ['egress', 'telemetry', 'config'],
  mail: [],
  supervisor: [],
  catalog: ['ir', 'config'],
  prices: ['ir', 'catalog', 'storage', 'egress'],
  protocols: ['ir', 'wire'],
  providers: ['ir', 'wire', 'protocols', 'catalog', 'config'],
  pipeline: ['ir', 'protocols', 'telemetry'],
  accounts: ['storage'],
  ledger: ['ir', 'catalog', 'storage'],
  budgets: ['ir', 'accounts', 'storage', 'state', 'config'],
  limits: ['accounts', 'state', 'telemetry', 'config'],
  sessions: ['ir', 'storage'],
  cache: ['ir', 'wire', 'state', 'config'],
  compress: ['ir', 'wire'],
  firewall: ['ir', 'wire', 'accounts', 'config', 'egress', 'telemetry'],
  'prompt-cache': ['ir', 'wire', 'config'],
  translation: ['ir', 'wire', 'protocols', 'sessions'],
  stages: [
    'ir',
    'wire',
    'protocols',
    'providers',
    'catalog',
    'pipeline',
    'accounts',
    'ledger',
    'budgets',
    'limits',
    'sessions',
    'firewall',
    'cache',
    'compress',
    'prompt-cache',
    'translation',
    'telemetry',
  ],
  http: ['ir', 'wire', 'protocols', 'pipeline', 'telemetry'],
  admin: [
    'ir',
    'accounts',
    'cache',
    'firewall',
    'ledger',
    'budgets',
    'prices',
    'catalog',
    'providers',
    'config',
    'telemetry',
  ],
  conformance: ['ir', 'wire', 'protocols'],
  imports: ['config', 'providers'],
  cli: [
    'ir',
    'accounts',
    'admin',
    'budgets',
    'catalog',
    'config',
    'conformance',
    'firewall',
    'http',
    'imports',
    'providers',
    'supervisor',
    'telemetry',
  ],
}
const folders = Object.keys(table)

const allowed = folders.map((folder) => {
  const others = folders.filter((other) => other !== folder && !table[folder].includes(other))
  return {
    name: `imports-of-${folder}`,
    severity: 'error',
    from: {
      path: `^src/${folder}/`,
      pathNot: [`^src/${folder}/settings\\.ts$`, `^src/${folder}/[a-z]+-settings\\.ts$`],
    },
    to: { path: `^src/(${others.join('|')})/` },
  }
})

/** Folders whose parts are strangers to each other; what they share lies beside them or comes by the front door. */
const siblings = ['protocols'].map((folder) => ({
  name: `siblings-of-${folder}`,
  severity: 'error',
  from: { path: `^src/${folder}/([^/]+)/` },
  to: { path: `^src/${folder}/([^/]+)/`, pathNot: `^src/${folder}/$1/` },
}))

module.exports = {
  forbidden: [
    ...allowed,
    ...siblings,
    {
      name: 'front-door',
      comment: 'another folder only through its index.ts (its settings.ts is public too)',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/([^/]+)/',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/(index|settings)\\.ts$',
          '^src/[^/]+/[a-z]+-settings\\.ts$',
          '^src/storage/schema\\.ts$',
        ],
      },
    },
    {
      name: 'stages-front-door',
      severity: 'error',
      from: { path: '^src/stages/([^/]+)/' },
      to: { path: '^src/stages/([^/]+)/', pathNot: ['^src/stages/$1/', '^src/stages/[^/]+/index\\.ts$'] },
    },
    {
      name: 'up',
      comment: 'only the composition root knows all',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: ['\\.(test|fixture)\\.ts$', '^src/cli/'] },
      to: { path: '^src/[^/]+\\.ts$', pathNot: '^src/errors\\.ts$' },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-tests',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { path: '(\\.test\\.ts$|^test/)' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: '\\.test\\.ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'bun', 'node', 'default'],
    },
    builtInModules: { add: ['bun', 'bun:sqlite', 'bun:test'] },
  },
}
