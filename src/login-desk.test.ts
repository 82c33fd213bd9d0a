import { expect, test } from 'bun:test'
import { type LoginLink, Secret, type User } from './accounts/index.ts'
import { GatewayError } from './errors.ts'
import { createLoginDesk, type LoginDeskParts } from './login-desk.ts'
import type { Mail } from './mail/index.ts'
import { smtpSettings } from './mail/settings.ts'
import { memoryQuota } from './state/index.ts'

const user: User = {
  ...{ id: 'user_1', organisation: 'org_1', team: null, name: 'Ada', email: 'ada@example.com' },
  ...{ role: 'member', state: 'invited', root: false, createdAt: 1, updatedAt: 1, lastLoginAt: null },
  deletedAt: null,
}
const link: LoginLink = { user, organisationName: 'acme', token: new Secret('tgw-login-x'), expiresAt: 9 }

const start = (more: Partial<LoginDeskParts> = {}) => {
  const sent: Mail[] = []
  const told: unknown[] = []
  const desk = createLoginDesk({
    logins: { makeLinks: async () => [link] },
    organisationName: async () => 'acme',
    quota: memoryQuota(),
    settings: () => ({
      smtp: smtpSettings.parse({ host: 'mail.example.com', from: 'gate@example.com' }),
      ...{ url: undefined, listening: 'http://127.0.0.1:8081' },
    }),
    send: async (_, mail) => void sent.push(mail),
    logger: { info: (...said) => void told.push(said), warn: (...said) => void told.push(said) },
    ...more,
  })
  return { desk, sent, told }
}
const settled = () => Bun.sleep(10)

/** How many of so many calls are let through. */
const granted = async (calls: number, call: (index: number) => Promise<void>): Promise<number> => {
  let count = 0
  for (let index = 0; index < calls; index += 1) {
    try {
      await call(index)
      count += 1
    } catch (error) {
      expect(error).toMatchObject({ code: 'gateway_login_limited' })
    }
  }
  return count
}

test('a link is mailed after the answer, with the address that the settings name', async () => {
  const { desk, sent } = start()
  desk.mailLinks('ada@example.com')
  expect(sent).toEqual([])
  await settled()
  expect(
    sent.map(({ to, text }) => [to, text.includes('http://127.0.0.1:8081/login?token=tgw-login-x')]),
  ).toEqual([['ada@example.com', true]])
})

test('nothing is made or mailed without a mail server, and nothing for nobody', async () => {
  let made = 0
  const logins = {
    makeLinks: async () => {
      made += 1
      return []
    },
  }
  const without = start({ logins, settings: () => ({ smtp: undefined, url: undefined, listening: '' }) })
  without.desk.mailLinks('ada@example.com')
  expect(without.desk.mailInvitation(user)).toBe(false)
  await settled()
  expect([made, without.sent.length]).toEqual([0, 0])
  const nobody = start({ logins })
  nobody.desk.mailLinks('nobody@example.com')
  await settled()
  expect([made, nobody.sent.length]).toEqual([1, 0])
})

test('a mail that fails is told without the address', async () => {
  const { desk, told } = start({
    send: async () => {
      throw Object.assign(new Error('550 no ada@example.com here'), { code: 'EENVELOPE' })
    },
  })
  expect(desk.mailInvitation(user)).toBe(true)
  await settled()
  expect(JSON.stringify(told)).toContain('EENVELOPE')
  expect(JSON.stringify(told)).not.toContain('ada@example.com')
})

test('questions are bounded by e-mail address and by network address, all of IPv6 behind one as one', async () => {
  expect(await granted(8, (index) => start1.checkRequest('ada@example.com', `192.0.2.${index}`))).toBe(5)
  expect(await granted(40, (index) => start2.checkRequest(`a${index}@example.com`, '192.0.2.1'))).toBe(30)
  expect(await granted(40, (index) => start3.checkAttempt(`2001:db8:0:1::${index.toString(16)}`))).toBe(30)
  expect(await granted(40, (index) => start4.checkAttempt(`2001:db8:0:${index.toString(16)}::1`))).toBe(40)
})
const [start1, start2, start3, start4] = [start().desk, start().desk, start().desk, start().desk]

test('questions are bounded also while the shared counters are away', async () => {
  const away = { take: () => Promise.reject(new GatewayError('gateway_state_unavailable', 'redis is away')) }
  const { desk } = start({ quota: away })
  expect(await granted(8, () => desk.checkRequest('ada@example.com', '192.0.2.1'))).toBe(5)
})

test('mails that wait are bounded', async () => {
  const gate = Promise.withResolvers<void>()
  const { desk, told } = start({ send: () => gate.promise })
  const results = Array.from({ length: 60 }, () => desk.mailInvitation(user))
  expect(results.filter((isTaken) => isTaken).length).toBe(50)
  expect(JSON.stringify(told)).toContain('too many wait')
  gate.resolve()
  await settled()
  expect(desk.mailInvitation(user)).toBe(true)
})
