/** Trains the shipped model from `eval/data` and the project's own texts: `bun eval/train.ts`. */
import { join } from 'node:path'
import { trainingRows } from './rows.ts'
import { recipe, toSamples, trainModel } from './trainer.ts'

const started = performance.now()
const rows = trainingRows()
const model = trainModel(toSamples(rows))
const path = join(import.meta.dir, '../src/firewall/injection/data/model.json')
await Bun.write(path, `${JSON.stringify(model, undefined, 2)}\n`)
const attacks = rows.filter((row) => row.label === 'attack').length
console.log(`${attacks} attacks, ${rows.length - attacks} harmless texts, ${recipe.epochs} epochs`)
console.log(`thresholds ${JSON.stringify(model.thresholds)}`)
console.log(`written in ${Math.round(performance.now() - started)} ms: ${path}`)
