/** The cells of each line, as RFC 4180 has it; lines may end in `\n`, and tabs separate where there is no comma. */
export const parseCsv = (text: string): readonly (readonly string[])[] => {
  const [heading = ''] = text.split('\n', 1)
  const separator = heading.includes(',') || !heading.includes('\t') ? ',' : '\t'
  const lines: string[][] = []
  let line: string[] = []
  let cell = ''
  let isQuoted = false
  const endCell = () => {
    line.push(cell)
    cell = ''
  }
  const endLine = () => {
    endCell()
    lines.push(line)
    line = []
  }
  for (let place = 0; place < text.length; place += 1) {
    const letter = text[place] ?? ''
    if (isQuoted) {
      if (letter !== '"') cell += letter
      else if (text[place + 1] === '"') {
        cell += '"'
        place += 1
      } else isQuoted = false
    } else if (letter === '"' && cell === '') isQuoted = true
    else if (letter === separator) endCell()
    else if (letter === '\n') endLine()
    else if (letter !== '\r') cell += letter
  }
  if (cell !== '' || line.length > 0) endLine()
  return lines
}
