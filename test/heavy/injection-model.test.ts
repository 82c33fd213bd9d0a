import { expect, test } from 'bun:test'
import { trainingRows } from '../../eval/rows.ts'
import { toSamples, trainModel } from '../../eval/trainer.ts'
import shipped from '../../src/firewall/injection/data/model.json'

test('the injection model that is shipped is the one that training gives, to the last bit', () => {
  const trained = trainModel(toSamples(trainingRows()))
  expect(trained.thresholds).toEqual(shipped.thresholds)
  expect(trained.words).toBe(shipped.words)
  expect(trained.bias).toBe(shipped.bias)
  expect(trained.unit).toBe(shipped.unit)
  expect(trained.weights === shipped.weights).toBe(true)
}, 120_000)
