/** Measures errors and hits of the semantic cache on the labelled questions: `npm run eval:semantic`. */
import { difference } from '../../src/cache/index.ts'
import { questionTraits } from '../../src/cache/similar/question-traits.ts'
import { seeded } from '../seeded.ts'
import { labelledQuestions } from './question-set.ts'
import { simulate } from './simulate.ts'

const percent = (share: number, digits = 2): string => `${(share * 100).toFixed(digits)} %`

const questions = labelledQuestions()
const groups = new Set(questions.map(({ group }) => group))
console.log(`${questions.length} questions of ${groups.size} classes\n`)

const traits = questions.map(({ text }) => questionTraits(text))
const dot = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0)

interface Pairs {
  same: number
  other: number
  sameApart: number
  otherApart: number
}

console.log('pairs by similarity: of one class, of two; and how many the words keep apart')
const edges = [0.6, 0.7, 0.8, 0.85, 0.9, 0.95]
const rows = edges.map((): Pairs => ({ same: 0, other: 0, sameApart: 0, otherApart: 0 }))
for (const [at, one] of questions.entries()) {
  for (let before = 0; before < at; before++) {
    const other = questions[before]
    const [own, others] = [traits[at], traits[before]]
    if (other === undefined || own === undefined || others === undefined) continue
    const row = rows[edges.findLastIndex((edge) => dot(one.vector, other.vector) >= edge)]
    if (row === undefined) continue
    const isApart = difference(own, others) !== undefined
    if (one.group === other.group) {
      row.same++
      if (isApart) row.sameApart++
    } else {
      row.other++
      if (isApart) row.otherApart++
    }
  }
}
for (const [at, { same, other, sameApart, otherApart }] of rows.entries()) {
  const share = (part: number, whole: number): string => (whole === 0 ? '-' : percent(part / whole, 0))
  console.log(
    `  from ${edges[at]}: ${same} (${share(sameApart, same)} apart), ${other} (${share(otherApart, other)} apart)`,
  )
}

console.log('\nbound   answers   given   wrong   of all   of given   given at the end')
for (const mostError of [0.01, 0.02, 0.05]) {
  for (const answers of [2_000, 20_000, 60_000]) {
    const { given, wrong, givenAtTheEnd } = await simulate({
      ...{ questions, mostError, answers, random: seeded(`${mostError} ${answers}`) },
    })
    const cells = [percent(mostError, 0), answers, given, wrong, percent(wrong / answers, 3)]
    console.log([...cells, given === 0 ? '-' : percent(wrong / given), percent(givenAtTheEnd, 1)].join('\t'))
  }
}
const { given, wrong } = await simulate({
  ...{ questions, mostError: 0.01, answers: 20_000, random: seeded('no guards'), guards: false },
})
console.log(`\nby what is learned alone, bound 1 %, 20000 answers: ${given} given, ${wrong} wrong`)
