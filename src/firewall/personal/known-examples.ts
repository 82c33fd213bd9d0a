/** Values that documents, forms and tests show and nobody has. */

/** Numbers that were printed in advertisements and manuals, and never are anybody's. */
const socialSecurity = new Set(['123456789', '078051120', '219099999', '987654321', '111223333', '123121234'])

/** `123456789`, `987654321`, `000111222` and the like: digits that count. */
export const isCounting = (digits: string): boolean => {
  let up = 0
  let down = 0
  for (let index = 1; index < digits.length; index++) {
    const step = (digits.charCodeAt(index) - digits.charCodeAt(index - 1) + 10) % 10
    if (step === 1) up++
    if (step === 9) down++
  }
  return up === digits.length - 1 || down === digits.length - 1
}

/** Whether an identifier's value is one that only examples hold. */
export const isExampleNumber = (type: string, compact: string): boolean =>
  (type === 'US_SSN' && (socialSecurity.has(compact) || /^98765432\d$/.test(compact))) ||
  (/^\d+$/.test(compact) && isCounting(compact))

/** North American numbers 555-0100 to 555-0199, and those that Ofcom keeps for drama. */
export const isExamplePhone = (digits: string): boolean =>
  /^(?:1?\d{3})?55501\d\d$/.test(digits) || /^(?:44|0)(?:2079460|1632960|7700900|8081570)\d{3}$/.test(digits)

/** RFC 2606, RFC 6761, RFC 6762, RFC 8375, RFC 9476. */
const reservedDomains = /(?:^|\.)(?:example\.(?:com|net|org|edu)|home\.arpa)$/
const reservedEnds = new Set([
  'test',
  'example',
  'invalid',
  'localhost',
  'local',
  'internal',
  'onion',
  'alt',
  'lan',
])

/** Names that writers of code put where a person's would be. */
const standInNames = new Set(
  'test tester testing user username users foo bar baz qux quux foobar example sample name email mail me you your someone somebody nobody anyone john jane johndoe janedoe john.doe jane.doe doe jdoe alice bob carol eve mallory a b c d x y z abc xyz aaa bbb admin demo dummy fake person hello dev my me.you first.last firstname.lastname user1 user2 test1 test2 foo.bar some joe u git'.split(
    ' ',
  ),
)
const standInDomains = new Set(
  'test tests testing foo bar baz foobar example examples sample domain yourdomain mydomain somedomain domain1 domain2 email mail company mycompany yourcompany acme host server site website yoursite mysite corp org doe abc xyz a b c x y z some localhost fake dummy demo bar-foo place somewhere nowhere users test-domain provider'.split(
    ' ',
  ),
)

/** Mailboxes that no person reads. */
const robots = /^(?:no-?_?reply|do-?_?not-?_?reply|donotreply|mailer-daemon|bounces?|git)(?:[+-].*)?$/

/**
 * Whether an address is nobody's: reserved domains, stand-ins on both sides of the at sign (`test@test.com`,
 * `user@domain.com`), and mailboxes of machines (`noreply@…`, `git@…`). An address with a real domain and a stand-in
 * name (`test@gmail.com`) may be somebody's.
 *
 * @param local, domain in lower case
 */
export const isExampleAddress = (local: string, domain: string): boolean => {
  const labels = domain.split('.')
  if (reservedEnds.has(labels.at(-1) ?? '') || reservedDomains.test(domain)) return true
  if (robots.test(local) || domain === 'users.noreply.github.com') return true
  const site = labels.length > 2 && (labels.at(-2)?.length ?? 0) <= 3 ? labels.at(-3) : labels.at(-2)
  return standInDomains.has(site ?? '') && standInNames.has(local.replace(/\d+$/, ''))
}

/** RFC 5737, RFC 3849, loopback and unspecified addresses. */
export const isExampleAddressOfHost = (address: string): boolean =>
  /^(?:192\.0\.2|198\.51\.100|203\.0\.113|127\.\d+\.\d+|0\.0\.0)\.\d+$/.test(address) ||
  /^(?:::1?|2001:0?db8:.*)$/i.test(address)
