import type { GenerateResponse } from '../../ir/index.ts'

/** The words of an answer, without its thoughts. */
export const saidText = ({ choices: [choice] }: GenerateResponse): string =>
  (choice?.parts ?? [])
    .map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : ''))
    .join('')
    .trim()
