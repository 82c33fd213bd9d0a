import data from './data/classes.json'
import { compileGlob } from './model-matcher.ts'
import type { ClassRules, PriceRow } from './price-data.ts'

const rules: ClassRules = data

/** When the entries were last compared with their sources. */
export const classesDate = rules.date

/** Service classes and regions of the models of a list. */
export interface ClassIndex {
  /** What is known of a model, by the source's name of its provider; undefined for nothing. */
  of(provider: string, model: string): ModelClasses | undefined
}

export interface ModelClasses {
  readonly data: Pick<PriceRow, 'classes' | 'regions'>
  /** Part of the version of every card that has them. */
  readonly version: string
}

export const noClasses: ClassIndex = { of: () => undefined }

/** Opens `data/classes.json`. */
export const classIndex = (): ClassIndex => {
  const compiled = new Map(
    Object.entries(rules.providers).map(([provider, list]) => [
      provider,
      list.map((rule) => ({ rule, globs: rule.match.map(compileGlob) })),
    ]),
  )
  return {
    of(provider, model) {
      const id = model.toLowerCase()
      const found = (compiled.get(provider) ?? []).filter(({ globs }) => globs.some((fits) => fits(id)))
      if (found.length === 0) return undefined
      const classes = Object.assign({}, ...found.map(({ rule }) => rule.classes))
      const regions = Object.assign({}, ...found.map(({ rule }) => rule.regions))
      return {
        data: {
          ...(Object.keys(classes).length > 0 && { classes }),
          ...(Object.keys(regions).length > 0 && { regions }),
        },
        version: `classes-${rules.date}`,
      }
    },
  }
}
