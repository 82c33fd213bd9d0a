import { type JsonScan, memberSplice, type Splice } from '../../wire/index.ts'

/** The service refuses limits below 16. */
const lowest = 16

export const limitOutput = (scan: JsonScan, limit: number): Splice | undefined =>
  limit < lowest ? undefined : memberSplice(scan, 'max_output_tokens', String(limit))
