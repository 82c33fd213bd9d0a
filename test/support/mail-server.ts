import { createServer, type Socket } from 'node:net'

/** A mail that was taken, as it came over the wire. */
export interface TakenMail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
}

/** An SMTP server on this machine that takes everything and keeps it. */
export interface MailServer {
  readonly port: number
  readonly mails: readonly TakenMail[]
  /** User and password of each sign-in. */
  readonly signIns: readonly string[]
  /** The next recipients are refused. */
  refuse(isRefusing: boolean): void
  stop(): Promise<void>
}

export const startMailServer = async (): Promise<MailServer> => {
  const mails: TakenMail[] = []
  const signIns: string[] = []
  let isRefusing = false
  const serve = (socket: Socket): void => {
    let pending = ''
    let from = ''
    let to: string[] = []
    let data: string[] | undefined
    /** What is answered to a line; nothing within a mail. */
    const answer = (line: string): string | undefined => {
      if (data !== undefined) {
        if (line !== '.') {
          data.push(line.replace(/^\.\./, '.'))
          return undefined
        }
        mails.push({ from, to, text: data.join('\n') })
        data = undefined
        return '250 taken'
      }
      const [verb = '', ...rest] = line.split(' ')
      switch (verb.toUpperCase()) {
        case 'EHLO':
          return '250-mail.test\r\n250 AUTH PLAIN'
        case 'AUTH':
          signIns.push(
            Buffer.from(rest[1] ?? '', 'base64')
              .toString()
              .split('\0')
              .slice(1)
              .join(':'),
          )
          return '235 welcome'
        case 'MAIL':
          from = line
          to = []
          return '250 ok'
        case 'RCPT':
          if (isRefusing) return '550 nobody here'
          to.push(/<(.*)>/.exec(line)?.[1] ?? '')
          return '250 ok'
        case 'DATA':
          data = []
          return '354 go on'
        case 'QUIT':
          return '221 bye'
        default:
          return '502 what?'
      }
    }
    socket.write('220 mail.test\r\n')
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      pending += chunk.toString()
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end)
        pending = pending.slice(end + 2)
        const said = answer(line)
        if (said !== undefined) socket.write(`${said}\r\n`)
        if (line.toUpperCase() === 'QUIT') socket.end()
      }
    })
  }
  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails,
    signIns,
    refuse: (value) => {
      isRefusing = value
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The text of a mail, its soft line breaks undone. */
export const mailText = ({ text }: TakenMail): string =>
  text
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
