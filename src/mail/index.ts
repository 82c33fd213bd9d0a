export { invitationMail, loginMail, type MailedLink } from './login-mail.ts'
export { type Mail, sendMail } from './send-mail.ts'
