export { estimatedTokens, issue, type Metered, type MeterParts, meter } from './meter.ts'
