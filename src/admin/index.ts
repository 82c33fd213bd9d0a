export { adminApi, publicAdminPaths } from './admin-api.ts'
export type {
  AdminBudgets,
  AdminModel,
  AdminParts,
  AdminProvider,
  AdminSetting,
  AdminSettingChange,
  ServerStatus,
} from './admin-parts.ts'
export type {
  CredentialDesk,
  CredentialTest,
  TakeOptions,
  TestedCredential,
} from './credential-desk.ts'
export type { FirewallQuestion, FirewallTrial } from './firewall-trial.ts'
export type {
  LimitsQuestion,
  LimitsReport,
  ShownLevel,
  ShownWindow,
} from './limits-report.ts'
export type { LoginDesk } from './login-desk.ts'
export type { Actor, ActorSession, AdminEnvironment } from './permit.ts'
export type { AdminChange } from './record-changes.ts'
export type {
  AdminRoute,
  ExplainedTarget,
  RouteExplanation,
  RouteQuestion,
} from './route-explanation.ts'
