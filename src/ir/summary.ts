/** Fixed words of ours (docs/translation.md): what stands in front of the summary of a compacted conversation. */
const summaryHead = 'Summary of the conversation up to here, written when it had become too long:'

/** A summary as a user's words. */
export const summaryText = (summary: string): string => `${summaryHead}\n\n${summary}`

/** A model wrote it, perhaps out of what tools had brought: it is to be trusted no more than these, whoever says it. */
export const isSummary = (text: string): boolean => text.startsWith(summaryHead)

/** The same of a text in JSON. @param at where its opening quote is */
export const beginsSummary = (json: string, at: number): boolean => json.startsWith(summaryHead, at + 1)
