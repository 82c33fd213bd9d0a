export { type Compressed, type CompressParts, compress } from './compress.ts'
