import { globTest } from '../../ir/index.ts'
import type { RouteQuery } from './route-query.ts'
import type { Hours, RouteConditions } from './route-rule.ts'

export interface Condition {
  /** Its name in the configuration, below `when`. */
  readonly name: string
  readonly holds: (query: RouteQuery) => boolean
}

/** The cheap ones first: what takes a decode is asked only when all the others hold. */
export const compileConditions = (when: RouteConditions = {}): readonly Condition[] => {
  const conditions: Condition[] = []
  const add = (name: string, holds: Condition['holds']): void => {
    conditions.push({ name, holds })
  }
  const { endpoints, keys, teams, headers, sessions, inputTokens, tools, images, hours } = when
  if (endpoints !== undefined) {
    add('endpoints', (query) => endpoints.includes(query.operation) || endpoints.includes(query.protocol))
  }
  if (keys !== undefined) add('keys', ({ key }) => keys.includes(key.name) || keys.includes(key.id))
  if (teams !== undefined) add('teams', ({ team }) => team !== null && teams.includes(team))
  for (const [name, glob] of Object.entries(headers ?? {})) {
    const fits = globTest(glob)
    add(`headers.${name}`, (query) => {
      const value = query.headers.get(name)
      return value !== null && fits(value)
    })
  }
  if (sessions !== undefined) {
    const fits = sessions.map((glob) => globTest(glob))
    add('sessions', ({ session }) => session !== undefined && fits.some((one) => one(session)))
  }
  if (hours !== undefined) {
    const isWithin = within(hours)
    add('hours', ({ at }) => isWithin(at))
  }
  if (inputTokens !== undefined) {
    const { over = -1, upTo = Number.POSITIVE_INFINITY } = inputTokens
    add('input_tokens', ({ demands }) => {
      const { inputTokens: tokens } = demands()
      return tokens > over && tokens <= upTo
    })
  }
  if (tools !== undefined) add('tools', ({ demands }) => demands().hasTools === tools)
  if (images !== undefined) add('images', ({ demands }) => demands().hasImages === images)
  return conditions
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** Asked once a minute at most: formatting a date costs more than all other conditions together. */
const within = ({ from, to, days, zone }: Hours): ((at: number) => boolean) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const look = (at: number): boolean => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const minute = Number(parts['hour']) * 60 + Number(parts['minute'])
    const today = weekdays.indexOf(parts['weekday'] ?? '')
    const isOn = (day: number): boolean => days?.includes(day) ?? true
    if (from <= to) return from <= minute && minute < to && isOn(today)
    // The night of Friday ends on Saturday.
    return (from <= minute && isOn(today)) || (minute < to && isOn((today + 6) % 7))
  }
  let known = { minute: Number.NaN, answer: false }
  return (at) => {
    const minute = Math.floor(at / 60_000)
    if (known.minute !== minute) known = { minute, answer: look(at) }
    return known.answer
  }
}
