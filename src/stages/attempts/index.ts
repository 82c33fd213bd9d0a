export {
  type Attempt,
  type AttemptExchange,
  type Attempting,
  type AttemptsParts,
  attempts,
} from './attempts.ts'
export { type CredentialPool, createCredentialPool } from './credential-pool.ts'
