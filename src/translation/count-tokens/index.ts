export { type Calibration, type CalibrationOptions, createCalibration } from './calibration.ts'
export { createTokenCounter, type TokenCount, type TokenCounter } from './token-counter.ts'
