export { createPersonalDetector, type PersonalOptions, personalTypes } from './create-personal-detector.ts'
