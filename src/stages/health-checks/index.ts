export {
  type CheckedHealth,
  createHealthChecks,
  type HealthCheck,
  type HealthChecks,
} from './health-checks.ts'
