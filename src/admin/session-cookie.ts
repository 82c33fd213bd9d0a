/**
 * The cookie of a session. Over HTTPS it has the `__Host-` prefix, with which a browser takes it from this very host
 * and over HTTPS only; over plain HTTP, which is for this machine, that is not possible.
 */
const nameOf = (isSecure: boolean): string => (isSecure ? '__Host-tgw-session' : 'tgw-session')

/** @param seconds how long the browser keeps it; 0 removes it */
export const sessionCookie = (token: string, isSecure: boolean, seconds: number): string =>
  [
    `${nameOf(isSecure)}=${token}`,
    'Path=/',
    `Max-Age=${seconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
  ].join('; ')

/** The session's token in a request; undefined without one. A cookie that was set for plain HTTP is none over HTTPS. */
export const sessionTokenIn = (headers: Headers, isSecure: boolean): string | undefined => {
  const wanted = `${nameOf(isSecure)}=`
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const cookie = part.trim()
    if (cookie.startsWith(wanted)) return cookie.slice(wanted.length)
  }
  return undefined
}
