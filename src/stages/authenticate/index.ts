export { type Authenticated, type AuthenticateParts, authenticate } from './authenticate.ts'
export { clientKey } from './client-key.ts'
export { isStrict } from './is-strict.ts'
export { assertLocalOrigin } from './local-origin.ts'
