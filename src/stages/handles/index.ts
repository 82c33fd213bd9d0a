export { type HandlesChecked, type HandlesParts, handles, type Sticky } from './handles.ts'
