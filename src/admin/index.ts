export { adminApi, publicAdminPaths } from './admin-api.ts'
export type {
  AdminBudgets,
  AdminModel,
  AdminParts,
  AdminProvider,
  AdminSetting,
  ServerStatus,
} from './admin-parts.ts'
export type { Actor, AdminEnvironment } from './permit.ts'
export type {
  AdminRoute,
  ExplainedTarget,
  RouteExplanation,
  RouteQuestion,
} from './route-explanation.ts'
