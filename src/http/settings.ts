import { z } from 'zod'
import { byteSize, cidr, duration, filePath, settingMeta, text, wholeNumber } from '../config/index.ts'
import { workModes } from '../ir/index.ts'
import { endpointKeys } from './endpoint-keys.ts'

const port = () => wholeNumber(0, 65_535)
const endpoints = () => z.array(z.enum(endpointKeys))

/** Ports of `mode: multi`; in `single` everything is on `port`. */
const ports = z.strictObject({
  facade: port().prefault(8081).describe('Port of the facade.'),
  admin: port().prefault(8079).describe('Port of admin API, console and metrics.'),
  openai: port().prefault(8082).describe('Port for OpenAI clients.'),
  anthropic: port().prefault(8083).describe('Port for Anthropic clients.'),
  gemini: port().prefault(8084).describe('Port for Gemini clients.'),
})

const endpointsByPort = z.strictObject({
  facade: endpoints()
    .prefault(['openai_core', 'openai_responses', 'anthropic', 'gemini_native', 'health'])
    .describe('What the facade serves.'),
  admin: endpoints().prefault(['admin', 'health']).describe('What the admin port serves.'),
  openai: endpoints()
    .prefault(['openai_core', 'openai_responses', 'health'])
    .describe('What the OpenAI port serves.'),
  anthropic: endpoints().prefault(['anthropic', 'health']).describe('What the Anthropic port serves.'),
  gemini: endpoints().prefault(['gemini_native', 'health']).describe('What the Gemini port serves.'),
})

const workMode = () => z.enum(workModes).optional().register(settingMeta, { reloads: true })

const workModesByPort = z.strictObject({
  facade: workMode().describe('Work mode of the facade.'),
  admin: workMode().describe('Work mode of the admin port, where that serves clients as well.'),
  openai: workMode().describe('Work mode of the OpenAI port.'),
  anthropic: workMode().describe('Work mode of the Anthropic port.'),
  gemini: workMode().describe('Work mode of the Gemini port.'),
})

const tls = z.strictObject({
  cert_file: filePath().describe('Certificate chain, PEM.'),
  key_file: filePath().describe('Private key, PEM.'),
})

/** The `listen` section. Sizes are parsed to bytes, durations to milliseconds. */
export const listenSettings = z
  .strictObject({
    host: text().prefault('127.0.0.1').describe('Address to listen on; `0.0.0.0` or `::` for all.'),
    port: port().prefault(8081).describe('Port in `mode: single`; 0 takes any free one.'),
    mode: z
      .enum(['single', 'multi'])
      .prefault('single')
      .describe(
        '`single` serves everything, the admin API too, on `port`; `multi` opens a port per kind of client.',
      ),
    ports: ports.prefault({}).describe('Ports in `mode: multi`.'),
    endpoints: endpointsByPort
      .prefault({})
      .describe('What each port of `mode: multi` serves; an empty list leaves the port closed.'),
    work_modes: workModesByPort
      .prefault({})
      .describe(
        'Work mode of each port of `mode: multi`, other than `work_mode`; what a rule or a virtual key says wins over it.',
      ),
    tls: tls.optional().describe('Serve HTTPS.'),
    trusted_proxies: z
      .array(cidr())
      .prefault([])
      .describe('Proxies whose `forwarded` and `x-forwarded-*` headers count; without any they are ignored.'),
    max_body: byteSize()
      .prefault('32MB')
      .register(settingMeta, { reloads: true })
      .describe('Largest request body, in bytes or with a unit.'),
    max_nesting: wholeNumber(8, 10_000)
      .prefault(512)
      .register(settingMeta, { reloads: true })
      .describe('Deepest nesting of a JSON body, in levels.'),
    body_timeout: duration()
      .prefault('30s')
      .describe('Longest wait for a whole request body, in seconds or with a unit.'),
    concurrent_exchanges: wholeNumber(1, 1_000_000)
      .prefault(4000)
      .register(settingMeta, { reloads: true })
      .describe('Exchanges that may run at once; more are answered with 503.'),
    max_in_flight_bytes: byteSize()
      .prefault('1GB')
      .register(settingMeta, { reloads: true })
      .describe('Request bodies that may be held at once, in bytes or with a unit.'),
  })
  .prefault({})
  .describe('Where the gateway listens and what it accepts.')

export type ListenSettings = z.output<typeof listenSettings>

/** The port names of `mode: multi`. */
export const portNames = ['facade', 'admin', 'openai', 'anthropic', 'gemini'] as const

export type PortName = (typeof portNames)[number]

/** True for addresses that only this machine reaches. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(?:\.\d{1,3}){3}\]?)$/i.test(host)
