import { expect, test } from 'bun:test'
import { createAccountChanges } from './account-changes.ts'
import { memoryState } from './state/index.ts'
import { createTeam } from './team.ts'

const setUp = (failing = false) => {
  const [machine, redis] = [memoryState(), memoryState()]
  const members = [1, 2].map((number) => ({ number, pid: number, instance: `i${number}` }))
  return [1, 2].map((number) => {
    const team = createTeam({
      link: { number, team: () => members, leads: () => number === 1 },
      machine,
      instance: `i${number}`,
      patience: 50,
    })
    const heard = { times: 0, isDone: false }
    const changes = createAccountChanges({
      team,
      beyond: redis,
      async reload() {
        heard.times++
        await Bun.sleep(10)
        if (failing) throw new Error('the database is away')
        heard.isDone = true
      },
    })
    return { changes, heard }
  })
}

test('when a change is announced, the other workers count with it', async () => {
  const [one, two] = setUp()
  await one?.changes.announce()
  expect(two?.heard.isDone).toBe(true)
  one?.changes.close()
  two?.changes.close()
})

test('where another worker cannot, nobody waits for long', async () => {
  const [one, two] = setUp(true)
  await one?.changes.announce()
  expect(two?.heard.times).toBeGreaterThan(0)
  expect(two?.heard.isDone).toBe(false)
})
