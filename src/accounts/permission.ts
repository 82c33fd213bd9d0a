/** What an administrator may be allowed to do; every route of the admin API but the public ones names one. */
export const permissions = [
  'server:read',
  'config:read',
  'config:write',
  'models:read',
  'routes:read',
  'providers:read',
  'providers:write',
  'keys:read',
  'keys:write',
  'users:read',
  'users:write',
  'organisations:write',
  'vault:write',
  'usage:read',
  'drift:read',
  'shadow:read',
  'budgets:read',
  'budgets:write',
  'limits:read',
  'firewall:read',
  'cache:read',
  'cache:write',
  'prices:read',
  'prices:write',
  'audit-log:read',
  'self:read',
  'self:write',
] as const

export type Permission = (typeof permissions)[number]

/** What somebody is within an organisation. */
export const roles = ['owner', 'admin', 'member', 'viewer', 'billing'] as const

export type Role = (typeof roles)[number]

const reading: readonly Permission[] = permissions.filter((permission) => permission.endsWith(':read'))

const ownersOnly: ReadonlySet<Permission> = new Set<Permission>(['organisations:write', 'vault:write'])

/** What everybody may: look at themselves, and end their own sessions. */
const own: readonly Permission[] = ['self:read', 'self:write']

const granted: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  owner: new Set(permissions),
  admin: new Set(permissions.filter((permission) => !ownersOnly.has(permission))),
  member: new Set<Permission>([
    'models:read',
    'keys:read',
    'keys:write',
    'usage:read',
    'budgets:read',
    ...own,
  ]),
  viewer: new Set([...reading.filter((permission) => permission !== 'config:read'), ...own]),
  billing: new Set<Permission>([
    'models:read',
    'usage:read',
    'budgets:read',
    'budgets:write',
    'prices:read',
    'users:read',
    'keys:read',
    ...own,
  ]),
}

export const mayDo = (role: Role, permission: Permission): boolean => granted[role].has(permission)

/** The roles that somebody of this role may give and take away: those that hold no permission beyond its own. */
export const givableBy = (role: Role): readonly Role[] =>
  roles.filter((given) => [...granted[given]].every((permission) => granted[role].has(permission)))
