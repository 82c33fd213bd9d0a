/** Keywords of JSON Schema whose strings are no words of anybody; each protocol has more of its own. */
export const schemaKeywords: readonly string[] = [
  'type',
  'format',
  'required',
  '$schema',
  '$ref',
  '$id',
  '$anchor',
  '$dynamicRef',
  'contentEncoding',
  'contentMediaType',
]
