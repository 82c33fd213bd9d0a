export { adminApi, publicAdminPaths } from './admin-api.ts'
export type { AdminModel, AdminParts, AdminProvider, AdminSetting, ServerStatus } from './admin-parts.ts'
export type {
  LimitsQuestion,
  LimitsReport,
  ShownLevel,
  ShownWindow,
} from './limits-report.ts'
export type { Actor, AdminEnvironment } from './permit.ts'
export type {
  AdminRoute,
  ExplainedTarget,
  RouteExplanation,
  RouteQuestion,
} from './route-explanation.ts'
