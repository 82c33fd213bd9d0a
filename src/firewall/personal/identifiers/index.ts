import type { Identifier } from '../identifier.ts'
import { africaOceania } from './africa-oceania.ts'
import { asia } from './asia.ts'
import { labelledIdentifiers } from './labelled.ts'
import { latinAmerica } from './latin-america.ts'
import { northAmerica } from './north-america.ts'
import { northernEasternEurope } from './northern-eastern-europe.ts'
import { westernEurope } from './western-europe.ts'

/** Every identifier, those of a country before the labelled ones. */
export const identifiers: readonly Identifier[] = [
  ...northAmerica,
  ...latinAmerica,
  ...westernEurope,
  ...northernEasternEurope,
  ...asia,
  ...africaOceania,
  ...labelledIdentifiers,
]
