import type { SecretRule } from '../rule.ts'
import { businessRules } from './business.ts'
import { cloudRules } from './clouds.ts'
import { codeRules } from './code.ts'
import { formatRules } from './formats.ts'
import { modelRules } from './models.ts'
import { operationsRules } from './operations.ts'

/** All rules that come with the product. */
export const secretRules: readonly SecretRule[] = [
  ...modelRules,
  ...cloudRules,
  ...codeRules,
  ...businessRules,
  ...operationsRules,
  ...formatRules,
]
