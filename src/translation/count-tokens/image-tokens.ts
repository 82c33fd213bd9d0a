import type { ImageSize } from './image-size.ts'

/** Tokens of one picture. Its size is undefined where nobody can tell it. */
export type ImageTokens = (size: ImageSize | undefined, detail: string | undefined) => number

/** A picture of usual size, where its own is not known. */
const usual: ImageSize = { width: 1024, height: 768 }

/**
 * Anthropic: width × height / 750, after shrinking to the longest edge and the largest cost.
 * Source: https://platform.claude.com/docs/en/build-with-claude/vision, 2026-11-21
 */
export const anthropicImage =
  (longestEdge: number, most: number): ImageTokens =>
  (size = usual) => {
    const scale = Math.min(1, longestEdge / Math.max(size.width, size.height))
    return Math.min(most, Math.ceil((size.width * scale * size.height * scale) / 750))
  }

/**
 * OpenAI's tiles: shrunk into 2048 × 2048 and to a shortest side of 768, then counted in squares of 512.
 * Source: https://developers.openai.com/api/docs/guides/images-vision, 2026-11-21
 */
export const tiledImage =
  (base: number, tile: number): ImageTokens =>
  (size = usual, detail) => {
    if (detail === 'low') return base
    const inside = Math.min(1, 2048 / Math.max(size.width, size.height))
    const width = size.width * inside
    const height = size.height * inside
    const scale = Math.min(1, 768 / Math.min(width, height))
    return base + tile * Math.ceil((width * scale) / 512) * Math.ceil((height * scale) / 512)
  }

/** OpenAI's patches of 32 × 32, up to a number of them, times the model's factor. Source: as above. */
export const patchedImage =
  (most: number, factor: number): ImageTokens =>
  (size = usual) =>
    Math.ceil(Math.min(most, Math.ceil(size.width / 32) * Math.ceil(size.height / 32)) * factor)

/**
 * Gemini before 3: 258 for a small picture, and for each tile of a larger one.
 * Source: https://ai.google.dev/gemini-api/docs/tokens, 2026-11-21
 */
export const geminiTiles: ImageTokens = (size = usual) => {
  if (size.width <= 384 && size.height <= 384) return 258
  const tile = Math.min(768, Math.max(256, Math.floor(Math.min(size.width, size.height) / 1.5)))
  return 258 * Math.ceil(size.width / tile) * Math.ceil(size.height / tile)
}

/** Gemini 3 spends a fixed number by resolution. Source: https://ai.google.dev/gemini-api/docs/media-resolution */
export const geminiResolution: ImageTokens = (_, detail) =>
  detail === 'low' ? 280 : detail === 'original' ? 2240 : 1120
