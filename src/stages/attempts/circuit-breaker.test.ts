import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type CircuitSettings, createCircuit } from './circuit-breaker.ts'

const settings: CircuitSettings = {
  failures: 3,
  errorRate: 0.5,
  minimum: 10,
  window: 10_000,
  openFor: 1000,
  longestOpen: 8000,
}

const circuitAt = (clock: { time: number }, over: Partial<CircuitSettings> = {}) => {
  const changes: string[] = []
  const circuit = createCircuit({
    settings: () => ({ ...settings, ...over }),
    now: () => clock.time,
    onChange: (state) => changes.push(state),
  })
  const fail = (): void => circuit.admit()?.failed()
  const succeed = (): void => circuit.admit()?.succeeded()
  return { circuit, changes, fail, succeed }
}

describe('a circuit', () => {
  test('opens after failures in a row and lets nobody through', () => {
    const { circuit, changes, fail } = circuitAt({ time: 0 })
    fail()
    fail()
    expect(circuit.state).toBe('closed')
    fail()
    expect(circuit.state).toBe('open')
    expect(circuit.admit()).toBeUndefined()
    expect(changes).toEqual(['open'])
  })

  test('a success in between begins the row anew', () => {
    const { circuit, fail, succeed } = circuitAt({ time: 0 })
    for (let round = 0; round < 3; round++) {
      fail()
      fail()
      succeed()
    }
    expect(circuit.state).toBe('closed')
  })

  test('opens at a failing share of the window, but not before there were enough calls', () => {
    const { circuit, fail, succeed } = circuitAt({ time: 0 }, { failures: 1000 })
    for (let call = 0; call < 4; call++) {
      succeed()
      fail()
    }
    succeed()
    expect(circuit.state).toBe('closed')
    fail()
    expect(circuit.state).toBe('open')
  })

  test('forgets what lies further back than the window', () => {
    const clock = { time: 0 }
    const { circuit, fail, succeed } = circuitAt(clock, { failures: 1000 })
    for (let call = 0; call < 9; call++) fail()
    clock.time = 11_000
    for (let call = 0; call < 10; call++) succeed()
    fail()
    expect(circuit.state).toBe('closed')
  })

  test('is half-open after its time: one probe at a time, which closes it or opens it for twice as long', () => {
    const clock = { time: 0 }
    const { circuit, changes, fail } = circuitAt(clock)
    for (let call = 0; call < 3; call++) fail()
    clock.time = 1000
    expect(circuit.state).toBe('half-open')
    const probe = circuit.admit()
    expect(circuit.admit()).toBeUndefined()
    probe?.failed()
    expect(circuit.state).toBe('open')
    clock.time = 2999
    expect(circuit.admit()).toBeUndefined()
    clock.time = 3000
    circuit.admit()?.succeeded()
    expect(circuit.state).toBe('closed')
    expect(changes).toEqual(['open', 'open', 'closed'])
  })

  test('never stays open longer than its bound', () => {
    const clock = { time: 0 }
    const { circuit, fail } = circuitAt(clock)
    for (let call = 0; call < 3; call++) fail()
    for (let probe = 0; probe < 20; probe++) {
      clock.time = circuit.openUntil
      circuit.admit()?.failed()
      expect(circuit.openUntil - clock.time).toBeLessThanOrEqual(8000)
    }
    expect(circuit.openUntil - clock.time).toBe(8000)
  })

  test('a probe whose client left makes room for the next one', () => {
    const clock = { time: 0 }
    const { circuit, fail } = circuitAt(clock)
    for (let call = 0; call < 3; call++) fail()
    clock.time = 1000
    circuit.admit()?.forgotten()
    expect(circuit.admit()).toBeDefined()
  })

  test('a silent probe keeps the others out only for so long', () => {
    const clock = { time: 0 }
    const { circuit, fail } = circuitAt(clock)
    for (let call = 0; call < 3; call++) fail()
    clock.time = 1000
    circuit.admit()
    clock.time = 8999
    expect(circuit.admit()).toBeUndefined()
    clock.time = 9000
    expect(circuit.admit()).toBeDefined()
  })

  test('answers of calls from before it opened do not close it', () => {
    const { circuit, fail } = circuitAt({ time: 0 })
    const slow = circuit.admit()
    for (let call = 0; call < 3; call++) fail()
    slow?.succeeded()
    expect(circuit.state).toBe('open')
  })

  test('a stream that dies after it had begun counts as a failure', () => {
    const { circuit } = circuitAt({ time: 0 })
    for (let call = 0; call < 3; call++) {
      const one = circuit.admit()
      one?.succeeded()
      one?.failed()
    }
    // Each success begins the row anew, so only the share can open it.
    expect(circuit.state).toBe('closed')
    for (let call = 0; call < 7; call++) {
      const one = circuit.admit()
      one?.succeeded()
      one?.failed()
    }
    expect(circuit.state).toBe('open')
  })

  test('a forced call heals it, and many that fail together are one failed probe', () => {
    const clock = { time: 0 }
    const { circuit, fail } = circuitAt(clock)
    for (let call = 0; call < 3; call++) fail()
    const until = circuit.openUntil
    for (let call = 0; call < 10; call++) circuit.force().failed()
    expect(circuit.openUntil).toBe(until)
    circuit.force().succeeded()
    expect(circuit.state).toBe('closed')
  })

  test('follows what others have seen, and heals with them', () => {
    const clock = { time: 0 }
    const { circuit, changes } = circuitAt(clock)
    circuit.follow(500)
    expect(circuit.admit()).toBeUndefined()
    circuit.follow(Number.NaN)
    circuit.heal()
    expect(circuit.admit()).toBeDefined()
    expect(changes).toEqual([])
  })

  test('with 0 failures it never opens', () => {
    const { circuit, fail } = circuitAt({ time: 0 }, { failures: 0 })
    for (let call = 0; call < 100; call++) fail()
    expect(circuit.state).toBe('closed')
  })

  test('whatever happens: open lets nobody through, half-open one at a time, and it can always heal', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('begin' as const) }),
      fc.record({
        type: fc.constantFrom('succeed' as const, 'fail' as const, 'forget' as const),
        which: fc.nat(5),
      }),
      fc.record({ type: fc.constant('wait' as const), by: fc.nat(5000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const clock = { time: 0 }
        const { circuit, changes } = circuitAt(clock)
        const open: NonNullable<ReturnType<typeof circuit.admit>>[] = []
        for (const one of steps) {
          if (one.type === 'wait') clock.time += one.by
          else if (one.type === 'begin') {
            const before = circuit.state
            const call = circuit.admit()
            if (before === 'open') expect(call).toBeUndefined()
            if (before === 'closed') expect(call).toBeDefined()
            if (before === 'half-open' && call !== undefined) expect(circuit.admit()).toBeUndefined()
            if (call !== undefined) open.push(call)
          } else {
            const [call] = open.splice(one.which % Math.max(1, open.length), 1)
            if (one.type === 'succeed') call?.succeeded()
            if (one.type === 'fail') call?.failed()
            if (one.type === 'forget') call?.forgotten()
          }
          expect(circuit.openUntil - clock.time).toBeLessThanOrEqual(8000)
        }
        // Opened once for each time that it was closed, and never closed without having been open.
        const firstClosed = changes.indexOf('closed')
        if (firstClosed >= 0) expect(changes.slice(0, firstClosed)).toContain('open')
        clock.time += 100_000
        circuit.admit()?.succeeded()
        expect(circuit.state).toBe('closed')
      }),
      { numRuns: 300, seed: 7 },
    )
  })
})
