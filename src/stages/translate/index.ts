export { clientFraming, passingContext, replyContext } from './client-reply.ts'
export { type Translated, type TranslateParts, translate } from './translate.ts'
export type { GenerateTranslation, PlainTranslation, Translation } from './translation-of.ts'
