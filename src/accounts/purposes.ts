/** What a random key serves. The master key wraps these keys and does nothing else, so changing it re-wraps four rows. */
export const purposes = ['vault', 'key-hmac', 'envelope', 'placeholder'] as const

export type Purpose = (typeof purposes)[number]
