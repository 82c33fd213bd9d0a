import type { CredentialInfo, Secret } from '../accounts/index.ts'

/** What a provider said when it was asked something that costs nothing. */
export interface CredentialTest {
  /** `unreachable`: it did not answer, or answered with a failure of its own. `unknown`: its answer does not tell. */
  readonly outcome: 'accepted' | 'refused' | 'unreachable' | 'unknown' | 'skipped'
  readonly status: number | null
  readonly message: string
}

export interface TestedCredential {
  readonly credential: CredentialInfo
  readonly test: CredentialTest
}

/** How a secret is taken. */
export interface TakeOptions {
  /** Ask the provider first. One that it refuses is not stored. */
  readonly test: boolean
  /** Store it all the same. */
  readonly force: boolean
}

export interface NewCredential extends TakeOptions {
  readonly provider: string
  readonly label: string
  readonly secret: Secret
  /** Needed where the provider is not known; else the address that it has. */
  readonly origin: string | undefined
  /** In place of one of this name that is there. */
  readonly replace: boolean
}

/**
 * What administrators do with providers' credentials. Each change counts at once for the exchanges that begin after it.
 * Throws `not_found`, `conflict`, `gateway_request_invalid`, and `credential_refused` for one that the provider refuses.
 */
export interface CredentialDesk {
  list(provider?: string): Promise<readonly CredentialInfo[]>
  add(credential: NewCredential): Promise<TestedCredential>
  /** Asks the provider about one that is stored, and writes down what it says. */
  test(id: string): Promise<TestedCredential>
  /** Puts another secret in its place. */
  rotate(id: string, secret: Secret, options: TakeOptions): Promise<TestedCredential>
  /** One that the settings name is removed by `force` only: without it the next start would fail. */
  remove(id: string, force: boolean): Promise<CredentialInfo>
}
