/** What one look of the doctor found. `fix` says what to do; wrong ones make the doctor fail. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'note' | 'wrong'
  readonly message: string
  readonly fix?: string
}

export const fine = (check: string, message: string): Finding => ({ check, state: 'ok', message })

export const remark = (check: string, message: string, fix?: string): Finding => ({
  check,
  state: 'note',
  message,
  ...(fix === undefined ? {} : { fix }),
})

export const wrong = (check: string, message: string, fix: string): Finding => ({
  check,
  state: 'wrong',
  message,
  fix,
})
