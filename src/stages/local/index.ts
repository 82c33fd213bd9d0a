export { type ListModelsParts, listModels } from './list-models.ts'
