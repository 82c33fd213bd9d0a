/**
 * The model without the day of its snapshot and without the words that clouds put around it: state of one snapshot is
 * taken by the others (`claude-sonnet-4-5-20250929`, `us.anthropic.claude-sonnet-4-5-20250929-v1:0`,
 * `gemini-2.5-pro-preview-05-06`, `gpt-5.1-2025-11-13`).
 */
export const modelFamily = (model: string): string => {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  return name
    .replace(/^(?:[a-z]{2,6}\.)?(?:anthropic|openai|google)\./, '')
    .replace(/@[a-z0-9-]+$/, '')
    .replace(/-v\d+:\d+$/, '')
    .replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2}|00\d)$/, '')
    .replace(/-(?:preview|exp)(?:-\d{2}-\d{2,4})?$/, '')
    .replace(/-latest$/, '')
}
