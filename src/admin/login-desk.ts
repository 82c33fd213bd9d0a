import type { User } from '../accounts/index.ts'

/** What signing in needs beside the accounts: mails, and a bound on attempts. */
export interface LoginDesk {
  /** `login.url` of the settings. */
  url(): string | undefined
  /** Where a link leads to. */
  linkTo(token: string): string
  /** Throws `gateway_login_limited` when an address, or one for it, was asked for too often. */
  checkRequest(email: string, address: string): Promise<void>
  /** The same for attempts to use a link. */
  checkAttempt(address: string): Promise<void>
  /**
   * Makes links and mails them, after the answer. It says nothing: neither what it tells nor how long it takes may show
   * whether there is somebody with this address.
   */
  mailLinks(email: string): void
  /** Mails that there is an account, after the answer. False without a mail server. */
  mailInvitation(user: User): boolean
}
