import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type MailServer, mailText, startMailServer } from '../../test/support/mail-server.ts'
import { invitationMail, loginMail } from './login-mail.ts'
import { sendMail } from './send-mail.ts'
import { type SmtpSettings, smtpSettings } from './settings.ts'

let server: MailServer
beforeAll(async () => {
  server = await startMailServer()
})
afterAll(() => server.stop())

const settings = (more: object = {}): SmtpSettings => {
  const parsed = smtpSettings.parse({
    ...{
      host: '127.0.0.1',
      port: server.port,
      from: 'Tollgate <gate@example.com>',
      tls: 'off',
      timeout: '5s',
    },
    ...more,
  })
  if (parsed === undefined) throw new Error('no settings')
  return parsed
}

test('a mail reaches the mail server with sender, recipient, subject and text', async () => {
  const url = `https://gate.example.com/login?token=tgw-login-${'x'.repeat(40)}`
  await sendMail(settings(), loginMail('ada@example.com', [{ organisation: 'default', url }], 10))
  const mail = server.mails.at(-1)
  expect(mail?.to).toEqual(['ada@example.com'])
  expect(mail?.from).toContain('<gate@example.com>')
  expect(mail?.text).toContain('Subject: Sign in to Tollgate')
  expect(mail === undefined ? '' : mailText(mail)).toContain(url)
  expect(server.signIns).toEqual([])
})

test('a mail server with a user is signed in at', async () => {
  const mail = invitationMail('ada@example.com', 'Ümlaut & Co', 'https://gate.example.com/login')
  await sendMail(settings({ user: 'gate', password: 'secret' }), mail)
  expect(server.signIns).toEqual(['gate:secret'])
})

test('an address is one address, whatever it looks like', async () => {
  const before = server.mails.length
  const mail = loginMail('ada@example.com, eve@example.com', [], 10)
  await sendMail(settings(), mail).catch(() => undefined)
  for (const { to } of server.mails.slice(before)) expect(to).not.toContain('eve@example.com')
})

test('a server that refuses, is away, or does not encrypt though it must, is told by code', async () => {
  const mail = loginMail('ada@example.com', [], 10)
  server.refuse(true)
  await expect(sendMail(settings(), mail)).rejects.toMatchObject({ code: 'EENVELOPE' })
  server.refuse(false)
  await expect(sendMail(settings({ port: 1 }), mail)).rejects.toMatchObject({ code: expect.any(String) })
  const before = server.mails.length
  await expect(sendMail(settings({ tls: 'starttls' }), mail)).rejects.toMatchObject({ code: 'ETLS' })
  expect(server.mails.length).toBe(before)
})

test('a sender that is no address is refused by the settings', () => {
  for (const from of ['gate', 'Gate <gate>', 'a@b\r\nbcc: c@d', '<a@b', ''])
    expect(smtpSettings.safeParse({ host: 'h', from }).success).toBe(false)
  expect(smtpSettings.safeParse({ host: 'h', from: 'a@b.de' }).success).toBe(true)
})
