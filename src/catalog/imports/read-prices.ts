import { invalid, type ReadPrices } from './imported.ts'
import { readGenai } from './read-genai.ts'
import { isItems, isMembers, readJson } from './read-json.ts'
import { readLitellm } from './read-litellm.ts'
import { readOwn } from './read-own.ts'

/** The most bytes of a file of prices; the largest public ones have less than 4 MB. */
export const largestPrices = 16 * 1024 * 1024

/**
 * Reads a file of prices in whichever of the known formats it is: our own, LiteLLM's price map, the data of
 * genai-prices. Throws `prices_invalid`, and then nothing of it counts.
 */
export const readPrices = (text: string): ReadPrices => {
  if (text.length > largestPrices) throw invalid(`the file is larger than ${largestPrices} bytes`)
  const json = readJson(text)
  if (isItems(json)) return readGenai(json)
  if (!isMembers(json)) throw invalid('it is neither a list nor an object')
  const providers = json.get('providers')
  if (isItems(providers)) return readGenai(providers)
  if (json.has('format')) return readOwn(json)
  return readLitellm(json)
}
