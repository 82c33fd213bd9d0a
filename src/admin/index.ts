export { adminApi, publicAdminPaths } from './admin-api.ts'
export type { AdminModel, AdminParts, AdminProvider, AdminSetting, ServerStatus } from './admin-parts.ts'
export type { LoginDesk } from './login-desk.ts'
export type { Actor, ActorSession, AdminEnvironment } from './permit.ts'
export type {
  AdminRoute,
  ExplainedTarget,
  RouteExplanation,
  RouteQuestion,
} from './route-explanation.ts'
