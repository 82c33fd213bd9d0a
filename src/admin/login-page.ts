/** The pages for whoever comes without the console: a form for an address, and the one that a link opens. */

/** Nothing but the page itself; its forms go to this host, and no other site may show it. */
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  // With `no-referrer` browsers send `origin: null` with the form, which says nothing about where it comes from.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

const page = (body: string, status = 200): Response =>
  new Response(
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Tollgate</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 20vh auto; padding: 0 1rem }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; margin: .25rem 0 }
</style>
<h1>Tollgate</h1>
${body}
`,
    { status, headers },
  )

/** Mail scanners fetch links: nothing happens before a person presses the button. */
export const enterPage = (token: string): Response =>
  page(`<form method="post" action="/api/v1/login/verify">
<input type="hidden" name="token" value="${token}">
<button autofocus>Sign in</button>
</form>`)

export const addressPage = (): Response =>
  page(`<form method="post" action="/api/v1/login">
<label>E-mail address <input type="email" name="email" required autocomplete="email" autofocus></label>
<button>Send me a link</button>
</form>`)

export const sentPage = (): Response =>
  page(
    '<p>If there is an account with this address, a link to sign in is on its way. It works for ten minutes.</p>',
    202,
  )

export const failedPage = (status: number): Response =>
  page(
    `<p>This did not work: a link works once, for ten minutes, and not after too many attempts.</p>
<p><a href="/login">Get another link</a></p>`,
    status,
  )
