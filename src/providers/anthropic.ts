import type { Recipe } from './recipe.ts'

/** https://platform.claude.com/docs/en/api, read 2026-11. */
export const anthropic: Recipe = {
  kind: 'anthropic',
  bases: { 'anthropic-messages': 'https://api.anthropic.com' },
  serves: ['claude-*'],
  credential: 'vendor',
  streamUsage: 'always',
}
