import { parse } from 'acorn'
import ts from 'typescript'

/**
 * The tree of a file as TypeScript's parser sees it, without places and comments: every node's kind, and the text of
 * what has no children. Undefined where the file has errors.
 */
export const typescriptTree = (text: string, kind: ts.ScriptKind): string | undefined => {
  const file = ts.createSourceFile('file', text, ts.ScriptTarget.Latest, false, kind)
  const errors: unknown = Reflect.get(file, 'parseDiagnostics')
  if (Array.isArray(errors) && errors.length > 0) return undefined
  const parts: string[] = []
  const visit = (node: ts.Node): void => {
    parts.push(String(node.kind))
    let hasChildren = false
    ts.forEachChild(node, (child) => {
      if (!hasChildren) parts.push('(')
      hasChildren = true
      visit(child)
    })
    if (hasChildren) parts.push(')')
    else if (ts.isTokenKind(node.kind))
      parts.push(JSON.stringify(text.slice(ts.skipTrivia(text, node.pos), node.end)))
  }
  visit(file)
  return parts.join(' ')
}

declare module 'typescript' {
  /** Where a token begins behind its white space and comments. */
  function skipTrivia(text: string, position: number): number
}

/** The tree as acorn sees it, as a module or else as a script; undefined where it has errors. */
export const acornTree = (text: string): string | undefined => {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      const tree = parse(text, {
        sourceType,
        ecmaVersion: 'latest',
        allowHashBang: true,
        allowReturnOutsideFunction: true,
      })
      return JSON.stringify(tree, (key, value: unknown) =>
        key === 'start' || key === 'end' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
      )
    } catch {
      // The other kind, or no JavaScript that acorn reads.
    }
  }
  return undefined
}
