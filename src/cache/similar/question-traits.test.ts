import { describe, expect, test } from 'bun:test'
import { type Difference, difference, questionTraits } from './question-traits.ts'

const between = (one: string, other: string): Difference | undefined => {
  const there = difference(questionTraits(one), questionTraits(other))
  expect(difference(questionTraits(other), questionTraits(one))).toBe(there)
  return there
}

describe('two questions are kept apart', () => {
  test.each<readonly [Difference, string, string]>([
    ['numbers', 'return within 14 days', 'return within 30 days'],
    ['numbers', 'what happened in 1066?', 'what happened in 1067?'],
    ['numbers', 'a table for two, please', 'a table for 3, please'],
    ['numbers', 'scale from 5 to 10', 'scale from 10 to 5'],
    ['numbers', 'ลด ๕ เปอร์เซ็นต์', 'ลด ๖ เปอร์เซ็นต์'],
    ['numbers', 'how many grams are 1,5 kilos', 'how many grams are 15 kilos'],
    ['negation', 'which plans include SSO?', 'which plans do not include SSO?'],
    ['negation', "why doesn't it start?", 'why does it start?'],
    ['negation', 'Welche Tarife sind ohne Vertrag?', 'Welche Tarife sind mit Vertrag?'],
    ['negation', '这个计划包含吗', '这个计划不包含吗'],
    ['names', 'what is the capital of France', 'tell me which city Germany calls its capital'],
    ['names', 'Who wrote Emma?', 'So who was it that wrote Persuasion?'],
    ['names', 'open a VAT case', 'how can one open a GST case'],
    ['names', 'what is the capital city of the country france', 'which town is the capital of Spain'],
    ['code', 'what does Array.map return', 'what does Array.filter return'],
    ['code', 'explain snake_case_one', 'explain snake_case_two'],
    ['code', 'what does git log -p do', 'what does git log -S do'],
    ['code', 'upgrade to v1.2.3', 'upgrade to v1.2.4'],
    ['code', 'mail of [EMAIL_ABC234]', 'mail of [EMAIL_XYZ567]'],
    ['quotes', 'translate "good morning" to French', 'translate "good night" to French'],
    ['question-word', 'when was the company founded', 'where was the company founded'],
    ['question-word', 'how many users may join', 'how long may users join'],
    ['question-word', 'Wann wurde die Firma gegründet', 'Wo wurde die Firma gegründet'],
    ['alternatives', 'increase the timeout of a request', 'how can one decrease what a timeout lasts'],
    ['alternatives', 'install it in windows please', 'steps to install on ubuntu'],
    ['alternatives', 'cancel my plan before the renewal', 'cancel once after renewal comes'],
    ['order', 'convert dollars to euros', 'convert euros to dollars'],
    ['one-word', 'delete my account', 'delete my project'],
    ['one-word', 'reset the password of a colleague', 'reset the password of a customer'],
  ])('by %s: %s / %s', (expected, one, other) => {
    // Some differ in more than one way; the first that is looked for counts.
    const found = between(one, other)
    expect([one, other, found]).toEqual([one, other, expected])
  })
})

describe('two questions may have one answer', () => {
  test.each([
    ['How do I reset my password?', 'what are the steps for getting a new password'],
    ['what is the capital of France', 'Which city is the capital of France?'],
    ['what is the capital of france?', 'tell me the capital city that France has'],
    ['a table for three people', 'I would like to book a table for 3'],
    ['costs 1,000 dollars?', 'is 1000 the price in dollars'],
    ['explain `Array.map` to me', 'what is Array.map for?'],
    ['HOW DO I CANCEL', 'what must be done for a cancellation'],
    ['٣ أيام للإرجاع', '3 أيام من أجل إرجاع'],
    ['如何重置密码', '忘记密码怎么办'],
  ])('%s / %s', (one, other) => {
    expect(between(one, other)).toBeUndefined()
  })
})

test.each([
  'what is the weather today',
  'the latest release',
  'current price of gold',
  'Was gibt es heute Neues?',
  'who won last night',
  '今天天气怎么样',
  'quel temps fait-il demain',
])('%s is another question tomorrow', (question) => {
  expect(questionTraits(question).isOfToday).toBe(true)
})

test('long and odd texts take a bounded time and do not throw', () => {
  for (const text of [
    'a'.repeat(2_000),
    "'".repeat(2_000),
    '"'.repeat(2_001),
    '\ud800',
    '1,'.repeat(1_000),
    '-'.repeat(2_000),
  ])
    expect(difference(questionTraits(text), questionTraits(text))).toBeUndefined()
})
