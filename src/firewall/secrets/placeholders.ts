import { classBit, isIn } from './character-classes.ts'

/** Words that documentation writes into a token's place; long enough not to stand in a random one by chance. */
const words = [
  'example',
  'placeholder',
  'your_',
  'your-',
  'yourtoken',
  'yourkey',
  'yourapi',
  'yoursecret',
  'yourown',
  'redacted',
  'changeme',
  'change_me',
  'change-me',
  'replaceme',
  'replace_me',
  'replace-me',
  'insert_',
  'insert-',
  'put_your',
  'goes_here',
  'goeshere',
  'goes-here',
  '_here',
  '-here',
  'tokenhere',
  'keyhere',
  'stringhere',
  'notareal',
  'not_a_real',
  'not-a-real',
  'dummy',
  'todo_',
] as const

/**
 * Is the random part of a token no secret but an example: one character over and over, hardly any different ones, the
 * alphabet or the digits in order, or words that say so?
 */
export const isPlaceholder = (body: string): boolean => {
  if (longestRepeat(body) >= 6 || distinct(body) < Math.min(6, Math.ceil(body.length / 3))) return true
  if (inSequence(body) * 2 >= body.length) return true
  const folded = body.toLowerCase()
  return words.some((word) => folded.includes(word))
}

/** Repeats are part of some formats: this one looks at words and sequences only. */
export const isWordyPlaceholder = (body: string): boolean => {
  const folded = body.toLowerCase()
  return distinct(body) < 6 || words.some((word) => folded.includes(word))
}

const longestRepeat = (text: string): number => {
  let longest = 0
  let run = 0
  for (let at = 0; at < text.length; at++) {
    run = at > 0 && text.charCodeAt(at) === text.charCodeAt(at - 1) ? run + 1 : 1
    if (run > longest) longest = run
  }
  return longest
}

const distinct = (text: string): number => new Set(text).size

/** How many characters stand in runs of five or more where each is the one after the last (`abcde`, `AbCdE`, `67890`). */
const inSequence = (text: string): number => {
  const folded = text.toLowerCase()
  let total = 0
  let run = 1
  for (let at = 1; at <= folded.length; at++) {
    if (at < folded.length && follows(folded.charCodeAt(at - 1), folded.charCodeAt(at))) {
      run += 1
      continue
    }
    if (run >= 5) total += run
    run = 1
  }
  return total
}

const follows = (one: number, next: number): boolean => next === one + 1 || (one === 57 && next === 48)

const alnumBit = classBit('alnum')

/** Names and words that stand where a password would, but keep nothing secret. Compared without case. */
const weakPasswords: ReadonlySet<string> = new Set(
  (
    'password passwd passphrase pass pwd pw secret secrets user username admin administrator root test testing tests tester ' +
    'testpass testpassword example sample demo default guest postgres postgresql mysql mongo mongodb mariadb redis ' +
    'rabbit rabbitmq minioadmin minio changeme changeit change letmein qwerty welcome hello foo bar baz foobar ' +
    'abc abcdef xyz token apikey api-key api_key key mykey mypassword my-password my_password mypass mysecret ' +
    'my-secret my_secret mytoken dbpass dbpassword db_password dbuser userpass userpassword yourpassword your-password ' +
    'your_password yourpass your_token your-token somepassword some-password somepass somesecret p4ssw0rd passw0rd ' +
    'p@ssw0rd p@ssword pa55word pass1234 s3cret s3cr3t secretpassword topsecret supersecret super-secret super_secret ' +
    'hunter2 correcthorsebatterystaple value string null none nil undefined true false empty placeholder dummy fake ' +
    'mock invalid wrong wrongpassword bad badpassword credentials creds oauth2 bearer basic x-oauth-basic anonymous ' +
    'local dev development staging production prod master server service app application client login host hostname'
  ).split(' '),
)

/** Marks that a text is a template, a reference or a drawing of a value, not the value. */
export const isReference = (value: string): boolean =>
  /^[$<{[%@]/.test(value)
    ? !isBraced(value)
    : /\$[{(]|\{[^{}]{0,64}\}|<[^<>]{0,64}>|\.\.\.|\*\*\*|…|«/.test(value) || expression.test(value)

/** Random characters in braces, as people write them who keep the braces of `{apikey}`. */
const isBraced = (value: string): boolean =>
  /^\{[A-Za-z0-9]{12,64}\}$/.test(value) && /\d/.test(value) && /[A-Z]/.test(value) && /[a-z]/.test(value)

const expression =
  /^(?:process\.env|import\.meta|os\.environ|env|secrets|vars|config|self|this|var|local|data)[.[(]/

/** A password that everybody knows, or a stand-in for one: `changeme`, `test1234`, `${PASSWORD}`, `xxxx`. */
export const isWeakPassword = (value: string): boolean => {
  if (isReference(value) || isPlaceholder(value) || /^[A-Z][A-Z_]+$/.test(value)) return true
  // One that a password policy has passed is in use somewhere, whatever word it was made from.
  if (value.length >= 10 && kindsOf(value) === 4) return false
  const folded = value.toLowerCase()
  const letters = trimNonLetters(folded)
  return weakPasswords.has(folded) || weakPasswords.has(letters) || letters === ''
}

/** How many of the four kinds a value has: lower case, upper case, digits, signs. */
export const kindsOf = (value: string): number =>
  [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length

/** Without the digits and signs that people put behind a word. */
const trimNonLetters = (text: string): string => {
  let end = text.length
  while (end > 0 && !(isIn(text.charCodeAt(end - 1), alnumBit) && !/\d/.test(text[end - 1] ?? ''))) end--
  return text.slice(0, end)
}
