import { z } from 'zod'
import data from './data/families.json'

/** A name that stands for the newest model of a line: its id is `prefix`, a version, `suffix`. */
export interface ModelFamily {
  readonly name: string
  readonly prefix: string
  readonly suffix: string
}

const schema = z.strictObject({
  note: z.string(),
  date: z.iso.date(),
  families: z.array(
    z.strictObject({ name: z.string().min(1), prefix: z.string().min(1), suffix: z.string() }),
  ),
})

/** The lines that the shipped data knows. */
export const modelFamilies = (): readonly ModelFamily[] => schema.parse(data).families
