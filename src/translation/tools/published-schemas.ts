/** A function as a model that does not know the tool by heart is told of it. */
export interface PublishedFunction {
  readonly name: string
  readonly description: string
  /** JSON Schema. */
  readonly parameters: object
}

/** The schema of an object: members that end in `?` are optional. */
export const objectSchema = (members: Readonly<Record<string, object>>): object => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(members).map(([name, schema]) => [bareName(name), schema])),
  required: Object.keys(members).filter((name) => !name.endsWith('?')),
})

const bareName = (name: string): string => (name.endsWith('?') ? name.slice(0, -1) : name)

export const text = (description?: string): object => ({ type: 'string', ...described(description) })
export const whole = (description?: string): object => ({ type: 'integer', ...described(description) })
export const amount = (description?: string): object => ({ type: 'number', ...described(description) })
export const flag = (description?: string): object => ({ type: 'boolean', ...described(description) })
export const oneOf = (values: readonly string[], description?: string): object => ({
  type: 'string',
  enum: values,
  ...described(description),
})
export const listOf = (items: object, description?: string): object => ({
  type: 'array',
  items,
  ...described(description),
})

const described = (description: string | undefined): object =>
  description === undefined ? {} : { description }
