/** One program call of a shell script, with its quotes taken off. */
export interface ShellCommand {
  /** Program and arguments. What the shell would put in stays as it is written: `$HOME/x`, `$()`. */
  readonly words: string[]
  readonly redirects: { readonly operator: string; readonly target: string }[]
  /** What a here-document or here-string gives it to read. */
  input: string
  /** The command whose output it reads. */
  pipedFrom?: ShellCommand
  /** Commands whose output becomes part of its words, or which it reads as files. */
  readonly inner: ShellCommand[]
}

/** Deeper scripts are not read; the words around them are. */
const deepest = 12

/**
 * The program calls of a script in their order, those in subshells, substitutions and loops included. A tokenizer, not
 * a shell: nothing is expanded, and what no shell would take is read as far as it goes. Linear in the script's length.
 */
export const parseShell = (script: string): readonly ShellCommand[] => {
  const reader = new ShellReader(script)
  reader.list('', 0)
  return reader.commands
}

/** Words that begin or go on with a command without being one. */
const reserved: ReadonlySet<string> = new Set([
  ...[
    'if',
    'then',
    'elif',
    'else',
    'fi',
    'while',
    'until',
    'do',
    'done',
    '{',
    '}',
    '!',
    'time',
    'esac',
    'function',
  ],
])

class ShellReader {
  readonly commands: ShellCommand[] = []
  readonly #source: string
  #at = 0
  #documents: { readonly word: string; readonly command: ShellCommand }[] = []

  constructor(source: string) {
    this.#source = source
  }

  /** Reads to the closing character, and over it. */
  list(closing: string, depth: number): ShellCommand[] {
    const found: ShellCommand[] = []
    let command = empty()
    let pipe: ShellCommand | undefined
    const finish = (isPipe: boolean): void => {
      const isCommand = command.words.length > 0 || command.redirects.length > 0 || command.inner.length > 0
      if (isCommand) {
        if (pipe !== undefined) command.pipedFrom = pipe
        found.push(command)
        this.commands.push(command)
      }
      pipe = isPipe && isCommand ? command : undefined
      command = empty()
    }
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at] ?? ''
      if (character === closing) {
        this.#at++
        finish(false)
        return found
      }
      switch (character) {
        case ' ':
        case '\t':
        case '\r':
          this.#at++
          break
        case '\n':
          this.#at++
          finish(false)
          this.#readDocuments()
          break
        case ';':
          this.#at++
          finish(false)
          break
        case '&':
          if (this.#source[this.#at + 1] === '>') this.#redirect(command, depth)
          else {
            this.#at += this.#source[this.#at + 1] === '&' ? 2 : 1
            finish(false)
          }
          break
        case '|': {
          const next = this.#source[this.#at + 1]
          this.#at += next === '|' || next === '&' ? 2 : 1
          finish(next !== '|')
          break
        }
        case '(': {
          this.#at++
          finish(false)
          if (depth < deepest) this.list(')', depth + 1)
          break
        }
        case ')':
          this.#at++
          finish(false)
          break
        case '#': {
          const end = this.#source.indexOf('\n', this.#at)
          this.#at = end < 0 ? this.#source.length : end
          break
        }
        case '<':
        case '>':
          this.#redirect(command, depth)
          break
        default: {
          const start = this.#at
          const word = this.#word(command, depth, closing)
          const isNumber = /^\d$/.test(word) && this.#at === start + 1
          if (isNumber && /[<>]/.test(this.#source[this.#at] ?? '')) break
          if (command.words.length > 0 || !reserved.has(word)) command.words.push(word)
        }
      }
    }
    finish(false)
    return found
  }

  #redirect(command: ShellCommand, depth: number): void {
    const next = this.#source.slice(this.#at, this.#at + 3)
    if ((next.startsWith('<(') || next.startsWith('>(')) && depth < deepest) {
      this.#at += 2
      command.inner.push(...this.list(')', depth + 1))
      command.words.push('<()')
      return
    }
    const operator = /^(?:<<<|<<-|&>>|&>|<<|>>|>&|>\||<&|<>|<|>)/.exec(next)?.[0] ?? '>'
    this.#at += operator.length
    while (this.#source[this.#at] === ' ' || this.#source[this.#at] === '\t') this.#at++
    const target = this.#word(command, depth, '')
    if (operator === '<<' || operator === '<<-') this.#documents.push({ word: target, command })
    else if (operator === '<<<') command.input += target
    else command.redirects.push({ operator, target })
  }

  /** The texts that follow the line on which they were announced. */
  #readDocuments(): void {
    for (const { word, command } of this.#documents.splice(0)) {
      const lines: string[] = []
      while (this.#at < this.#source.length) {
        const end = this.#source.indexOf('\n', this.#at)
        const line = this.#source.slice(this.#at, end < 0 ? this.#source.length : end)
        this.#at = end < 0 ? this.#source.length : end + 1
        if (line.trim() === word) break
        lines.push(line)
      }
      command.input += lines.join('\n')
    }
  }

  #word(command: ShellCommand, depth: number, closing: string): string {
    let word = ''
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at] ?? ''
      if (character === closing || ' \t\r\n;&|()<>'.includes(character)) break
      switch (character) {
        case '\\': {
          const next = this.#source[this.#at + 1] ?? ''
          if (next !== '\n') word += next
          this.#at += 2
          break
        }
        case "'":
          word += this.#until("'")
          break
        case '"':
          this.#at++
          word += this.#quoted(command, depth)
          break
        case '`':
        case '$':
          word += this.#expansion(command, depth)
          break
        default:
          word += character
          this.#at++
      }
    }
    // A character that ends a word here and begins nothing: it must not be read for ever.
    return word
  }

  /** Inside double quotes, to the closing one. */
  #quoted(command: ShellCommand, depth: number): string {
    let text = ''
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at] ?? ''
      if (character === '"') {
        this.#at++
        break
      }
      if (character === '\\') {
        const next = this.#source[this.#at + 1] ?? ''
        if (next !== '\n') text += '$`"\\'.includes(next) ? next : `\\${next}`
        this.#at += 2
      } else if (character === '$' || character === '`') text += this.#expansion(command, depth)
      else {
        text += character
        this.#at++
      }
    }
    return text
  }

  #expansion(command: ShellCommand, depth: number): string {
    const next = this.#source[this.#at + 1]
    if (this.#source[this.#at] === '`') {
      this.#at++
      if (depth >= deepest) return '`'
      command.inner.push(...this.list('`', depth + 1))
      return '$()'
    }
    if (next === '(') {
      this.#at += 2
      if (depth >= deepest) return '$('
      command.inner.push(...this.list(')', depth + 1))
      return '$()'
    }
    if (next === "'") {
      this.#at++
      return unescapeAnsi(this.#until("'", true))
    }
    if (next === '{') {
      const end = this.#source.indexOf('}', this.#at)
      const stop = end < 0 || end - this.#at > 200 ? this.#at + 2 : end + 1
      const text = this.#source.slice(this.#at, stop)
      this.#at = stop
      return text
    }
    this.#at++
    return '$'
  }

  /** From one quote to the next. */
  #until(quote: string, escapes = false): string {
    const start = ++this.#at
    while (this.#at < this.#source.length && this.#source[this.#at] !== quote) {
      this.#at += escapes && this.#source[this.#at] === '\\' ? 2 : 1
    }
    return this.#source.slice(start, this.#at++)
  }
}

const empty = (): ShellCommand => ({ words: [], redirects: [], input: '', inner: [] })

const unescapeAnsi = (text: string): string =>
  text.replace(/\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^[xu]./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8))
    return { n: '\n', t: '\t', r: '\r' }[code] ?? code
  })
