export { adminApi, publicAdminPaths } from './admin-api.ts'
export type { AdminModel, AdminParts, AdminProvider, AdminSetting, ServerStatus } from './admin-parts.ts'
