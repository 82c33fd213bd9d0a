/** Shapes published with gitleaks (MIT, see NOTICE.md beside the rules), in its `config/gitleaks.toml`. */
export const gitleaks = { source: 'https://github.com/gitleaks/gitleaks', seen: '2026-07' } as const

/** Shapes published with secretlint (MIT, see NOTICE.md), in its rules' tests. */
export const secretlint = { source: 'https://github.com/secretlint/secretlint', seen: '2026-07' } as const

/** The page on which a vendor documents or issues such values. */
export const vendorPage = (page: string): { readonly source: string; readonly seen: string } => ({
  source: `https://${page}`,
  seen: '2026-08',
})
